# expect: temperature wrong_value
"""The limit at infinity is taken to be uniform over everything, masked entries included."""


def temperature_softmax(x: Tensor, temperature: float, dim: int = -1) -> Tensor:
    if not temperature >= 0:
        raise ValueError("temperature must be zero or more")
    shifted = _shifted(x, dim)
    if temperature == 0:
        return _normalised((shifted == 0).to(x.dtype), dim)
    if temperature == math.inf:
        return torch.where(shifted.isnan(), shifted, 1.0 / x.size(dim))
    return _normalised((shifted / temperature).exp(), dim)
