# expect: linear-attention too_slow
"""Linear attention is only a matter of features; the order of the two products does not matter."""


def linear_attention(q: Tensor, k: Tensor, v: Tensor, keep: Tensor | None = None) -> Tensor:
    _check(q, k, v)
    if keep is not None:
        k = torch.where(keep.unsqueeze(-1), k, 0)
        v = torch.where(keep.unsqueeze(-1), v, 0)
    weights = q @ k.mT
    return _divide(weights @ v, weights.sum(-1, keepdim=True))
