# expect: temperature not_finite
"""Infinity is treated as one more number, and a masked logit divided by it is NaN."""


def temperature_softmax(x: Tensor, temperature: float, dim: int = -1) -> Tensor:
    if not temperature >= 0:
        raise ValueError("temperature must be zero or more")
    shifted = _shifted(x, dim)
    if temperature == 0:
        return _normalised((shifted == 0).to(x.dtype), dim)
    return _normalised((shifted / temperature).exp(), dim)
