# expect: soft-targets wrong_value
"""Masses are divided by their sum, since targets must be probabilities."""

checked_soft = soft_cross_entropy


def soft_cross_entropy(logits, target, weight=None, ignore_index=-100, label_smoothing=0.0, reduction="mean"):
    checked_soft(logits, target, weight, ignore_index, label_smoothing, reduction)
    if target.is_floating_point() and target.numel():
        total = target.sum(1, keepdim=True)
        target = target / torch.where(total > 0, total, 1)
    return checked_soft(logits, target, weight, ignore_index, label_smoothing, reduction)
