# expect: cached-attention not_finite
"""A weight of zero is trusted to silence a padded value, but zero times NaN is NaN."""


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
    total = k.shape[2]
    position = torch.arange(total)
    visible = (position[total - q.shape[2] :, None] >= position) & keep[:, None, None, :]
    return _attention_weights(q, k, visible) @ v, (k, v, keep)
