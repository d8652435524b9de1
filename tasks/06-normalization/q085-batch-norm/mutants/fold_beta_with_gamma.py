# expect: folding wrong_value
"""Gamma and beta come together or not at all."""


def fold_batch_norm(weight, bias, mean, var, gamma=None, beta=None, eps=1e-5, transposed=False):
    dim = 1 if transposed else 0
    channels = weight.shape[dim]
    for vector in (bias, mean, var, gamma, beta):
        if vector is not None and vector.shape != (channels,):
            raise ValueError("expected one element a channel")
    scale = (var + eps).rsqrt()
    if gamma is not None:
        scale = scale * gamma
    shift = -mean * scale if bias is None else (bias - mean) * scale
    if beta is not None and gamma is not None:
        shift = shift + beta
    sizes = [1] * weight.ndim
    sizes[dim] = channels
    return weight * scale.reshape(sizes), shift
