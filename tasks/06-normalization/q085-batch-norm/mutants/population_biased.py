# expect: population-statistics wrong_value
"""A population variance is divided by the number of values."""

population_checked = population_statistics


def population_statistics(batches):
    batches = list(batches)
    dtype = population_checked(batches)[0].dtype
    rows = [b.double().transpose(0, 1).flatten(1) for b in batches if b.numel()]
    var, mean = torch.var_mean(torch.cat(rows, 1), 1, correction=0)
    return mean.to(dtype), var.to(dtype)
