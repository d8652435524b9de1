# expect: dropout wrong_value
"""The inverted layer is scaled once more at evaluation, by the classic rule."""


def dropout(x: Tensor, p: float = 0.5, training: bool = True, generator: Generator | None = None) -> Tensor:
    _require_rate(p)
    return x * _kept(x.shape, p, x, generator) * _scale(p) if training else x * (1 - p)
