# expect: temperature wrong_value
"""Temperature is taken for its inverse, so that heating sharpens the distribution."""


def temperature_softmax(x: Tensor, temperature: float, dim: int = -1) -> Tensor:
    if not temperature >= 0:
        raise ValueError("temperature must be zero or more")
    shifted = _shifted(x, dim)
    if temperature == 0:
        return _normalised((shifted == 0).to(x.dtype), dim)
    if temperature == math.inf:
        return _normalised((shifted > -math.inf).to(x.dtype), dim)
    return _normalised((shifted * temperature).exp(), dim)
