# expect: stable-rates wrong_value
"""The curvature is worked out in the precision of the data, float32."""


def stable_rates(x, eps=1e-5):
    if x.ndim != 2 or x.numel() == 0:
        raise ValueError("x must be [N, D] and not empty")
    x = x.float()
    var, mean = torch.var_mean(x, dim=0, correction=0)
    return _largest_rate(x), _largest_rate((x - mean) / (var + eps).sqrt())
