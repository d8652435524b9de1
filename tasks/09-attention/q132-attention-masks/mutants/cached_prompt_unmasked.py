# expect: cached-attention wrong_value
"""Only the cache counts as the past: inside a chunk every token sees all the others, later ones included."""


def cached_attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    keep: Tensor,
    cache: tuple[Tensor, Tensor, Tensor] | None = None,
) -> tuple[Tensor, tuple[Tensor, Tensor, Tensor]]:
    if keep.dtype != torch.bool or keep.shape != (q.shape[0], q.shape[2]):
        raise ValueError("expected boolean keep [B, N]")
    if cache is not None:
        k, v, keep = torch.cat([cache[0], k], 2), torch.cat([cache[1], v], 2), torch.cat([cache[2], keep], 1)
    padding = ~keep[:, None, :, None]
    weights = _attention_weights(q, k.masked_fill(padding, 0.0), keep[:, None, None, :])
    return weights @ v.masked_fill(padding, 0.0), (k, v, keep)
