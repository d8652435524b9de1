# expect: stable-rates wrong_value
"""The deviation of the columns is the unbiased one, which agrees but for small batches."""


def stable_rates(x, eps=1e-5):
    if x.ndim != 2 or x.numel() == 0:
        raise ValueError("x must be [N, D] and not empty")
    x = x.double()
    var, mean = torch.var_mean(x, dim=0, correction=min(1, len(x) - 1))
    return _largest_rate(x), _largest_rate((x - mean) / (var + eps).sqrt())
