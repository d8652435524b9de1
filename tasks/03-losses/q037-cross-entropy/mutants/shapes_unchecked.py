# expect: cross-entropy wrong_value
"""Whatever broadcasts is taken for a target or for weights that fit."""

checked_loss = cross_entropy


def cross_entropy(logits, target, weight=None, ignore_index=-100, reduction="mean"):
    if target.dim() == logits.dim() - 1 and logits.dim() > 1:
        target = target.expand(logits.shape[:1] + logits.shape[2:]) if 1 in target.shape else target
        if weight is not None:
            weight = weight.reshape(-1).expand(logits.size(1)) if weight.numel() == 1 else weight
    return checked_loss(logits, target, weight, ignore_index, reduction)
