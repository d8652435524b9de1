# expect: dropout exception
"""The elements are handled in a flat view, which not every memory layout has."""


def dropout(x: Tensor, p: float = 0.5, training: bool = True, generator: Generator | None = None) -> Tensor:
    _require_rate(p)
    if not training:
        return x
    flat = x.view(-1)
    return (flat * _kept(flat.shape, p, x, generator) * _scale(p)).view(x.shape)
