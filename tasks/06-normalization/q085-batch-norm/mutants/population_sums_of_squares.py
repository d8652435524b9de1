# expect: population-statistics wrong_value
"""Sums of values and of squares in the precision of the data give both moments in one pass."""

population_checked = population_statistics


def population_statistics(batches):
    batches = list(batches)
    population_checked(batches)
    rows = [b.transpose(0, 1).flatten(1) for b in batches if b.numel()]
    count = sum(r.shape[1] for r in rows)
    mean = sum(r.sum(1) for r in rows) / count
    square = sum(r.square().sum(1) for r in rows) / count
    return mean, (square - mean.square()).clamp(min=0) * count / (count - 1)
