# expect: dropout wrong_value
"""The noise is drawn in the dtype of the input, whose steps in half precision are coarser than the rate."""


def dropout(x: Tensor, p: float = 0.5, training: bool = True, generator: Generator | None = None) -> Tensor:
    _require_rate(p)
    if not training:
        return x
    keep = torch.rand(x.shape, dtype=x.dtype, generator=generator) >= p
    return x * keep * _scale(p)
