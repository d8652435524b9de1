# expect: dropout wrong_value
"""The mask is drawn before anybody asks for the mode, which shifts all later random numbers."""


def dropout(x: Tensor, p: float = 0.5, training: bool = True, generator: Generator | None = None) -> Tensor:
    _require_rate(p)
    keep = _kept(x.shape, p, x, generator)
    return x * keep * _scale(p) if training else x
