# expect: folding wrong_value
"""Vectors that broadcast against the channels need no check."""


def fold_batch_norm(weight, bias, mean, var, gamma=None, beta=None, eps=1e-5, transposed=False):
    dim = 1 if transposed else 0
    channels = weight.shape[dim]
    scale = (var + eps).rsqrt()
    if gamma is not None:
        scale = scale * gamma
    shift = -mean * scale if bias is None else (bias - mean) * scale
    if beta is not None:
        shift = shift + beta
    sizes = [1] * weight.ndim
    sizes[dim] = channels
    return weight * scale.expand(channels).reshape(sizes), shift
