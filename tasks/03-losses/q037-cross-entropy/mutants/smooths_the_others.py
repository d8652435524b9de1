# expect: soft-targets wrong_value
"""The smoothing is shared among the wrong classes, and the right one gets none of it."""

checked_soft = soft_cross_entropy


def soft_cross_entropy(logits, target, weight=None, ignore_index=-100, label_smoothing=0.0, reduction="mean"):
    checked_soft(logits, target, weight, ignore_index, label_smoothing, reduction)
    classes = logits.size(1)
    other = label_smoothing * classes / max(1, classes - 1)
    if other > 1:
        other = label_smoothing
    return checked_soft(logits, target, weight, ignore_index, other, reduction)
