# expect: soft-targets wrong_value
"""Smoothing out of range is clamped, and masses of another shape are broadcast."""

checked_soft = soft_cross_entropy


def soft_cross_entropy(logits, target, weight=None, ignore_index=-100, label_smoothing=0.0, reduction="mean"):
    if target.is_floating_point() and logits.dim() == target.dim():
        target = target.expand(logits.shape)
    label_smoothing = min(max(label_smoothing, 0.0), 1.0) if label_smoothing == label_smoothing else 0.0
    return checked_soft(logits, target, weight, ignore_index, label_smoothing, reduction)
