# expect: soft-targets not_finite
"""A mass of zero is multiplied by the logarithm of a probability of zero."""

checked_soft = soft_cross_entropy


def soft_cross_entropy(logits, target, weight=None, ignore_index=-100, label_smoothing=0.0, reduction="mean"):
    answer = checked_soft(logits, target, weight, ignore_index, label_smoothing, reduction)
    mass = (
        target
        if target.is_floating_point()
        else torch.zeros_like(logits).scatter(1, target.clamp(min=0).unsqueeze(1), 1.0)
    )
    return answer + 0 * (mass * _log_probabilities(logits)).sum()
