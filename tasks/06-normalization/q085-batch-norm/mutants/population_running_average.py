# expect: population-statistics wrong_value
"""Running statistics with a small momentum are exact enough."""

population_checked = population_statistics


def population_statistics(batches):
    batches = list(batches)
    dtype = population_checked(batches)[0].dtype
    rows = [b.double().transpose(0, 1).flatten(1) for b in batches if b.numel()]
    mean, var = torch.zeros(len(rows[0])), torch.ones(len(rows[0]))
    for r in rows:
        mean = 0.9 * mean + 0.1 * r.mean(1)
        var = 0.9 * var + 0.1 * r.var(1, correction=min(1, r.shape[1] - 1))
    return mean.to(dtype), var.to(dtype)
