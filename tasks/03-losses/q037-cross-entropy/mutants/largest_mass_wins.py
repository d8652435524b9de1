# expect: soft-targets wrong_value
"""Masses are turned into the number of their largest class."""

checked_soft = soft_cross_entropy


def soft_cross_entropy(logits, target, weight=None, ignore_index=-100, label_smoothing=0.0, reduction="mean"):
    checked_soft(logits, target, weight, ignore_index, label_smoothing, reduction)
    if target.is_floating_point() and target.numel():
        target = target.argmax(1)
    return checked_soft(logits, target, weight, ignore_index, label_smoothing, reduction)
