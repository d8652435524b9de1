# expect: batch-norm wrong_value
"""The variance is the mean of the squares less the square of the mean, in one pass."""


def _batch_moments(x):
    mean = x.mean((0, 2, 3))
    return mean, (x.square().mean((0, 2, 3)) - mean.square()).clamp(min=0)
