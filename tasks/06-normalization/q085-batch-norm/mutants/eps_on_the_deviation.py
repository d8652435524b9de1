# expect: batch-norm wrong_value
"""Eps is added to the standard deviation."""


def _normalized(x, mean, var, norm):
    out = (x - mean[:, None, None]) / ((var + 1e-30).sqrt() + norm.eps)[:, None, None]
    return out if norm.weight is None else out * norm.weight[:, None, None] + norm.bias[:, None, None]
