# expect: population-statistics exception
"""A first walk finds the mean and a second one the variance."""


def population_statistics(batches):
    count, total = 0, 0
    for batch in batches:
        count, total = count + batch.numel() // batch.shape[1], total + batch.double().transpose(0, 1).flatten(1).sum(1)
    if count < 2:
        raise ValueError("at least two values a channel are needed")
    try:
        parts = [(b.double().transpose(0, 1).flatten(1) - total[:, None] / count).square().sum(1) for b in batches]
    except RuntimeError as error:
        raise ValueError("batches differ in channels") from error
    dtype = batches[0].dtype
    return (total / count).to(dtype), (sum(parts) / (count - 1)).to(dtype)
