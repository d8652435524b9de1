# expect: dropout wrong_value
"""A bad rate is noticed only once training starts."""


def dropout(x: Tensor, p: float = 0.5, training: bool = True, generator: Generator | None = None) -> Tensor:
    return x * _kept_checked(x.shape, p, x, generator) * _scale(p) if training else x


def _kept_checked(shape: Sequence[int], p: float, x: Tensor, generator: Generator | None) -> Tensor:
    _require_rate(p)
    return _kept(shape, p, x, generator)
