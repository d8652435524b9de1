# expect: stable-rates wrong_value
"""Normalisation divides by the deviation; the mean is thought not to matter."""


def stable_rates(x, eps=1e-5):
    if x.ndim != 2 or x.numel() == 0:
        raise ValueError("x must be [N, D] and not empty")
    x = x.double()
    var = x.var(0, correction=0)
    return _largest_rate(x), _largest_rate(x / (var + eps).sqrt())
