# expect: batch-norm bad_gradient
"""Mean and variance are numbers, so they are detached before they are used."""

moments_of = _batch_moments


def _batch_moments(x):
    mean, var = moments_of(x)
    return mean.detach(), var.detach()
