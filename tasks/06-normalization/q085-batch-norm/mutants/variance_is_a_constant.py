# expect: batch-norm bad_gradient
"""Only the mean is differentiated; the scale is taken for a constant."""

moments_of = _batch_moments


def _batch_moments(x):
    mean, var = moments_of(x)
    return mean, var.detach()
