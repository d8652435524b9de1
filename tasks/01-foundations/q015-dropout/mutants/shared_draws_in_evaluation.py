# expect: shared-dropout wrong_value
"""The groups are decided before the mode is looked at."""


def shared_dropout(
    x: Tensor, p: float, shared: Sequence[int], training: bool = True, generator: Generator | None = None
) -> Tensor:
    _require_rate(p)
    if any(not -x.ndim <= dim < x.ndim for dim in shared):
        raise ValueError("a shared dimension does not exist")
    dims = {dim % x.ndim for dim in shared}
    if len(dims) < len(shared):
        raise ValueError("a dimension is shared twice")
    shape = [1 if dim in dims else size for dim, size in enumerate(x.shape)]
    keep = _kept(shape, p, x, generator)
    if not training:
        return x
    return x * (keep * _scale(p))
