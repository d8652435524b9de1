# expect: cross-entropy wrong_value
"""Every negative target is taken for padding."""

checked_loss = cross_entropy


def cross_entropy(logits, target, weight=None, ignore_index=-100, reduction="mean"):
    if (target < 0).any():
        target = torch.where(target < 0, -100, target)
        ignore_index = -100
    return checked_loss(logits, target, weight, ignore_index, reduction)
