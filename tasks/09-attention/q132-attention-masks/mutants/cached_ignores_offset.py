# expect: cached-attention wrong_value
"""The causal mask is rebuilt for every chunk as if the chunk were the beginning of the sequence."""


def cached_attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    keep: Tensor,
    cache: tuple[Tensor, Tensor, Tensor] | None = None,
) -> tuple[Tensor, tuple[Tensor, Tensor, Tensor]]:
    if cache is not None:
        k, v, keep = torch.cat([cache[0], k], 2), torch.cat([cache[1], v], 2), torch.cat([cache[2], keep], 1)
    visible = torch.ones(q.shape[2], k.shape[2], dtype=torch.bool).tril() & keep[:, None, None, :]
    padding = ~keep[:, None, :, None]
    weights = _attention_weights(q, k.masked_fill(padding, 0.0), visible)
    return weights @ v.masked_fill(padding, 0.0), (k, v, keep)
