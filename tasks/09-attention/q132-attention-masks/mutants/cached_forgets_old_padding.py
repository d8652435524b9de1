# expect: cached-attention wrong_value
"""Only the padding of the new chunk is masked; padding that went into the cache becomes an ordinary token."""


def cached_attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    keep: Tensor,
    cache: tuple[Tensor, Tensor, Tensor] | None = None,
) -> tuple[Tensor, tuple[Tensor, Tensor, Tensor]]:
    if keep.dtype != torch.bool or keep.shape != (q.shape[0], q.shape[2]):
        raise ValueError("expected boolean keep [B, N]")
    kept = keep
    if cache is not None:
        k, v, keep = torch.cat([cache[0], k], 2), torch.cat([cache[1], v], 2), torch.cat([cache[2], keep], 1)
    total = k.shape[2]
    old = torch.ones(keep.shape[0], total - kept.shape[1], dtype=torch.bool)
    position = torch.arange(total)
    real = torch.cat([old, kept], 1)
    visible = (position[total - q.shape[2] :, None] >= position) & real[:, None, None, :]
    padding = ~real[:, None, :, None]
    weights = _attention_weights(q, k.masked_fill(padding, 0.0), visible)
    return weights @ v.masked_fill(padding, 0.0), (k, v, keep)
