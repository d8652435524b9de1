# expect: covariate-shift wrong_value
"""The shares are worked out in the precision of the arguments, the last as a difference."""


def covariate_shift(before, after):
    if before.ndim != 2 or before.shape != after.shape or len(before) == 0:
        raise ValueError("before and after must be [N, C] with N at least 1")
    a, b = before.sort(dim=0).values, after.sort(dim=0).values
    location = (a.mean(0) - b.mean(0)).square()
    scale = (a.std(0, correction=0) - b.std(0, correction=0)).square()
    return location, scale, ((a - b).square().mean(0) - location - scale).clamp(min=0)
