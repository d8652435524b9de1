# expect: cross-entropy forbidden
"""The library's loss is called, options and all."""


def cross_entropy(logits, target, weight=None, ignore_index=-100, reduction="mean"):
    return torch.nn.functional.cross_entropy(logits, target, weight, ignore_index=ignore_index, reduction=reduction)
