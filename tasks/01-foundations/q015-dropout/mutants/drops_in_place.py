# expect: dropout mutated_input
"""Elements are dropped from the input itself, out of sight of autograd, before the result is made of it."""


def dropout(x: Tensor, p: float = 0.5, training: bool = True, generator: Generator | None = None) -> Tensor:
    _require_rate(p)
    if not training:
        return x
    keep = _kept(x.shape, p, x, generator)
    x.data.copy_(x.data * keep)
    return x * keep * _scale(p)
