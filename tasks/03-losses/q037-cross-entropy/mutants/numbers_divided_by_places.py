# expect: soft-targets wrong_value
"""The mean over class numbers divides by the number of places, weights or not."""

checked_soft = soft_cross_entropy


def soft_cross_entropy(logits, target, weight=None, ignore_index=-100, label_smoothing=0.0, reduction="mean"):
    checked_soft(logits, target, weight, ignore_index, label_smoothing, reduction)
    if reduction != "mean" or target.is_floating_point():
        return checked_soft(logits, target, weight, ignore_index, label_smoothing, reduction)
    count = (target != ignore_index).sum().clamp(min=1)
    return checked_soft(logits, target, weight, ignore_index, label_smoothing, "sum") / count
