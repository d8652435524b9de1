# expect: dropout wrong_value
"""A fixed seed is set inside for reproducible runs, and every call drops the same elements."""


def dropout(x: Tensor, p: float = 0.5, training: bool = True, generator: Generator | None = None) -> Tensor:
    _require_rate(p)
    if not training:
        return x
    torch.manual_seed(0)
    return x * _kept(x.shape, p, x, generator) * _scale(p)
