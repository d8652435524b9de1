# expect: pooled-statistics wrong_value
"""Without any values mean and variance are zero."""

pooled_checked = pooled_statistics


def pooled_statistics(means, variances, counts):
    if means.ndim == 2 and counts.shape == means.shape[:1] and not counts.any():
        return torch.zeros_like(means[0]), torch.zeros_like(means[0])
    return pooled_checked(means, variances, counts)
