# expect: pooled-statistics not_finite
"""An empty shard has weight zero, and that is enough."""


def pooled_statistics(means, variances, counts):
    if means.ndim != 2 or means.shape != variances.shape or counts.shape != means.shape[:1]:
        raise ValueError("means and variances must be [S, C], counts [S]")
    total = int(counts.sum())
    if total == 0:
        raise ValueError("there is no value in any shard")
    share = (counts.double() / total)[:, None]
    own, spread = means.double(), variances.double()
    mean = (share * own).sum(0)
    var = (share * (spread + (own - mean).square())).sum(0)
    return mean.to(means.dtype), var.to(means.dtype)
