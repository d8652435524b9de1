# expect: shared-dropout wrong_value
"""Dimensions counted from the end are accepted and match nothing."""


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
    shape = [1 if dim in shared else size for dim, size in enumerate(x.shape)]
    return x * (_kept(shape, p, x, generator) * _scale(p))
