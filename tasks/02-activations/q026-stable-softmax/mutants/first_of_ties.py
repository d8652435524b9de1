# expect: temperature wrong_value
"""The limit at zero is taken for argmax, which gives everything to one of several equal logits."""


def temperature_softmax(x: Tensor, temperature: float, dim: int = -1) -> Tensor:
    if not temperature >= 0:
        raise ValueError("temperature must be zero or more")
    shifted = _shifted(x, dim)
    if temperature == 0:
        one_hot = torch.zeros_like(x).scatter(dim, shifted.argmax(dim, keepdim=True), 1.0)
        return torch.where(shifted.isnan(), shifted, one_hot)
    if temperature == math.inf:
        return _normalised((shifted > -math.inf).to(x.dtype), dim)
    return _normalised((shifted / temperature).exp(), dim)
