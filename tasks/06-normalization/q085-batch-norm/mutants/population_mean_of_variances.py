# expect: population-statistics wrong_value
"""The variance of everything is the mean of the variances of the batches."""

population_checked = population_statistics


def population_statistics(batches):
    batches = list(batches)
    dtype = population_checked(batches)[0].dtype
    rows = [b.double().transpose(0, 1).flatten(1) for b in batches if b.numel()]
    count = sum(r.shape[1] for r in rows)
    mean = sum(r.sum(1) for r in rows) / count
    inner = sum((r - r.mean(1, keepdim=True)).square().sum(1) for r in rows)
    return mean.to(dtype), (inner / (count - 1)).to(dtype)
