# expect: soft-targets wrong_value
"""The weight of the right class multiplies the whole smoothed loss."""

checked_soft = soft_cross_entropy


def soft_cross_entropy(logits, target, weight=None, ignore_index=-100, label_smoothing=0.0, reduction="mean"):
    checked_soft(logits, target, weight, ignore_index, label_smoothing, reduction)
    if target.is_floating_point() or weight is None:
        return checked_soft(logits, target, weight, ignore_index, label_smoothing, reduction)
    counted = target != ignore_index
    weights = torch.where(counted, weight[torch.where(counted, target, 0)], 0)
    losses = weights * checked_soft(logits, target, None, ignore_index, label_smoothing, "none")
    return _reduced(losses, weights.sum(), reduction)
