# expect: shared-dropout wrong_value
"""The remainder maps a dimension that does not exist to one that does."""


def shared_dropout(
    x: Tensor, p: float, shared: Sequence[int], training: bool = True, generator: Generator | None = None
) -> Tensor:
    _require_rate(p)
    dims = {dim % x.ndim for dim in shared}
    if len(dims) < len(shared):
        raise ValueError("a dimension is shared twice")
    if not training:
        return x
    shape = [1 if dim in dims else size for dim, size in enumerate(x.shape)]
    return x * (_kept(shape, p, x, generator) * _scale(p))
