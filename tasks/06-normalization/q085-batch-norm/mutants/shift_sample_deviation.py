# expect: covariate-shift wrong_value
"""The standard deviation is the default of Tensor.std, with one degree of freedom taken off."""


def covariate_shift(before, after):
    if before.ndim != 2 or before.shape != after.shape or len(before) == 0:
        raise ValueError("before and after must be [N, C] with N at least 1")
    a, b = (x.double().sort(dim=0).values for x in (before, after))
    mean_a, mean_b = a.mean(0), b.mean(0)
    std_a, std_b = a.std(0), b.std(0)
    location, scale = (mean_a - mean_b).square(), (std_a - std_b).square()
    shape = ((a - mean_a - b + mean_b).square().mean(0) - scale).clamp(min=0)
    return location.to(before.dtype), scale.to(before.dtype), shape.to(before.dtype)
