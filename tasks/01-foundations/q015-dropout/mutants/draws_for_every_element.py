# expect: shared-dropout too_slow
"""A mask of the full size is drawn and all but one slice of it thrown away."""


def shared_dropout(
    x: Tensor, p: float, shared: Sequence[int], training: bool = True, generator: Generator | None = None
) -> Tensor:
    _require_rate(p)
    if any(not -x.ndim <= dim < x.ndim for dim in shared):
        raise ValueError("a shared dimension does not exist")
    dims = {dim % x.ndim for dim in shared}
    if len(dims) < len(shared):
        raise ValueError("a dimension is shared twice")
    if not training:
        return x
    keep = _kept(x.shape, p, x, generator)
    for dim in dims:
        keep = keep.narrow(dim, 0, min(1, keep.shape[dim]))
    return x * (keep * _scale(p))
