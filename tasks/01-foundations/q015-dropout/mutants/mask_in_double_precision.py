# expect: dropout wrong_dtype
"""The mask is made in double precision and takes the result with it."""


def dropout(x: Tensor, p: float = 0.5, training: bool = True, generator: Generator | None = None) -> Tensor:
    _require_rate(p)
    if not training:
        return x
    keep = torch.rand(x.shape, dtype=torch.float64, generator=generator) >= p
    return x * keep.double() * _scale(p)
