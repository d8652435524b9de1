# expect: dropout not_finite
"""Nobody drops everything, so nobody divides by one minus a rate of one."""


def dropout(x: Tensor, p: float = 0.5, training: bool = True, generator: Generator | None = None) -> Tensor:
    _require_rate(p)
    if not training:
        return x
    return x * _kept(x.shape, p, x, generator) / (1 - p + 0 * x)
