# expect: linear-attention mutated_input
"""Where no gradient is asked for, nobody minds that padding is zeroed where it stands."""


def linear_attention(q: Tensor, k: Tensor, v: Tensor, keep: Tensor | None = None) -> Tensor:
    _check(q, k, v)
    if keep is not None:
        hidden = ~keep.unsqueeze(-1)
        k = k.masked_fill(hidden, 0) if k.requires_grad else k.masked_fill_(hidden, 0)
        v = v.masked_fill(hidden, 0) if v.requires_grad else v.masked_fill_(hidden, 0)
    return _average(q, k, v)
