# expect: linear-attention not_finite
"""Multiplying by a mask of zeros removes whatever stands in the padding."""


def linear_attention(q: Tensor, k: Tensor, v: Tensor, keep: Tensor | None = None) -> Tensor:
    _check(q, k, v)
    if keep is not None:
        k = k * keep.unsqueeze(-1)
    return _average(q, k, v)
