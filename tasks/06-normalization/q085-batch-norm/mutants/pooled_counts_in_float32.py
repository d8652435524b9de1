# expect: pooled-statistics wrong_value
"""Counts are turned into float32, which holds whole numbers up to 16 million only."""


def pooled_statistics(means, variances, counts):
    if means.ndim != 2 or means.shape != variances.shape or counts.shape != means.shape[:1]:
        raise ValueError("means and variances must be [S, C], counts [S]")
    total = float(counts.float().sum())
    if total == 0:
        raise ValueError("there is no value in any shard")
    filled = counts > 0
    share = (counts[filled].float() / total)[:, None]
    own, spread = means[filled].double(), variances[filled].double()
    mean = (share * own).sum(0)
    var = (share * (spread + (own - mean).square())).sum(0)
    return mean.to(means.dtype), var.to(means.dtype)
