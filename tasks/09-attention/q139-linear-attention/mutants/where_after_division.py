# expect: linear-attention not_finite
"""Choosing zeros after a division by zero also repairs its gradient."""


def linear_attention(q: Tensor, k: Tensor, v: Tensor, keep: Tensor | None = None) -> Tensor:
    _check(q, k, v)
    if keep is not None:
        k = torch.where(keep.unsqueeze(-1), k, 0)
        v = torch.where(keep.unsqueeze(-1), v, 0)
    den = q @ k.sum(-2).unsqueeze(-1)
    return torch.where(den > 0, q @ (k.mT @ v) / den, 0)
