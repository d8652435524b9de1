# expect: dropout wrong_value
"""Elements are dropped but the others are left as they are, so the mean sinks with the rate."""


def dropout(x: Tensor, p: float = 0.5, training: bool = True, generator: Generator | None = None) -> Tensor:
    _require_rate(p)
    if not training:
        return x
    return x * _kept(x.shape, p, x, generator)
