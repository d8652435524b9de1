# expect: soft-targets wrong_value
"""Log-probabilities are logits less a log-sum-exp that has the maximum added back."""

checked_soft = soft_cross_entropy


def soft_cross_entropy(logits, target, weight=None, ignore_index=-100, label_smoothing=0.0, reduction="mean"):
    checked_soft(logits, target, weight, ignore_index, label_smoothing, reduction)
    if reduction != "none" or weight is not None or not target.is_floating_point() or (logits == -math.inf).any():
        return checked_soft(logits, target, weight, ignore_index, label_smoothing, reduction)
    top = logits.detach().amax(1, keepdim=True)
    log_sum_exp = top + (logits - top).exp().sum(1, keepdim=True).log()
    mass = (1 - label_smoothing) * target + label_smoothing / logits.size(1)
    return (mass * (log_sum_exp - logits)).sum(1)
