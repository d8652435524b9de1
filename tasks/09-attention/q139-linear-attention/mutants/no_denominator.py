# expect: linear-attention wrong_value
"""Without the softmax there is nothing left to normalise."""


def linear_attention(q: Tensor, k: Tensor, v: Tensor, keep: Tensor | None = None) -> Tensor:
    _check(q, k, v)
    if keep is not None:
        k = torch.where(keep.unsqueeze(-1), k, 0)
        v = torch.where(keep.unsqueeze(-1), v, 0)
    return q @ (k.mT @ v)
