# expect: linear-attention wrong_value
"""A constant 1e-6 in the denominator is always negligible."""


def linear_attention(q: Tensor, k: Tensor, v: Tensor, keep: Tensor | None = None) -> Tensor:
    _check(q, k, v)
    if keep is not None:
        k = torch.where(keep.unsqueeze(-1), k, 0)
        v = torch.where(keep.unsqueeze(-1), v, 0)
    return (q @ (k.mT @ v)) / (q @ k.sum(-2).unsqueeze(-1) + 1e-6)
