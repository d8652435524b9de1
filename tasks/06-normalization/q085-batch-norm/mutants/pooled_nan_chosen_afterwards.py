# expect: pooled-statistics not_finite
"""Choosing zeros after the multiplication also repairs its gradient."""


def pooled_statistics(means, variances, counts):
    if means.ndim != 2 or means.shape != variances.shape or counts.shape != means.shape[:1]:
        raise ValueError("means and variances must be [S, C], counts [S]")
    total = int(counts.sum())
    if total == 0:
        raise ValueError("there is no value in any shard")
    share = (counts.double() / total)[:, None]
    own, spread = means.double(), variances.double()
    mean = torch.where(share > 0, share * own, 0).sum(0)
    var = torch.where(share > 0, share * (spread + (own - mean).square()), 0).sum(0)
    return mean.to(means.dtype), var.to(means.dtype)
