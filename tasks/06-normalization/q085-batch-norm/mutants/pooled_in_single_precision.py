# expect: pooled-statistics wrong_value
"""Second moments are averaged in the precision of the report."""


def pooled_statistics(means, variances, counts):
    if means.ndim != 2 or means.shape != variances.shape or counts.shape != means.shape[:1]:
        raise ValueError("means and variances must be [S, C], counts [S]")
    total = int(counts.sum())
    if total == 0:
        raise ValueError("there is no value in any shard")
    filled = counts > 0
    share = (counts[filled].to(means.dtype) / total)[:, None]
    own, spread = means[filled].to(means.dtype), variances[filled].to(means.dtype)
    mean = (share * own).sum(0)
    var = ((share * (spread + own.square())).sum(0) - mean.square()).clamp(min=0)
    return mean.to(means.dtype), var.to(means.dtype)
