# expect: dropout wrong_value
"""The generator is accepted and forgotten; the noise comes from the global one."""


def dropout(x: Tensor, p: float = 0.5, training: bool = True, generator: Generator | None = None) -> Tensor:
    _require_rate(p)
    if not training:
        return x
    return x * _kept(x.shape, p, x, None) * _scale(p)
