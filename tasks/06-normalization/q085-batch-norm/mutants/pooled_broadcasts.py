# expect: pooled-statistics wrong_value
"""One count may stand for all shards, and one variance for all channels."""

pooled_checked = pooled_statistics


def pooled_statistics(means, variances, counts):
    if means.ndim == 2 and variances.shape == (len(means), 1):
        variances = variances.expand_as(means)
    if means.ndim == 2 and counts.shape == (1,):
        counts = counts.expand(len(means))
    return pooled_checked(means, variances, counts)
