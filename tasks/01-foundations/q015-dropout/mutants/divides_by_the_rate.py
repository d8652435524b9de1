# expect: dropout wrong_value
"""What is kept is divided by the rate at which elements are dropped."""


def dropout(x: Tensor, p: float = 0.5, training: bool = True, generator: Generator | None = None) -> Tensor:
    _require_rate(p)
    if not training:
        return x
    kept = x * _kept(x.shape, p, x, generator)
    return kept / p if p > 0 else kept
