# expect: population-statistics wrong_value
"""A reshape to rows of channels does what a transposition does."""

population_checked = population_statistics


def population_statistics(batches):
    batches = list(batches)
    dtype = population_checked(batches)[0].dtype
    rows = [b.double().reshape(b.shape[1], -1) for b in batches if b.numel()]
    var, mean = torch.var_mean(torch.cat(rows, 1), 1)
    return mean.to(dtype), var.to(dtype)
