# expect: cached-attention too_slow
"""Causality by a loop: each query attends in a step of its own over the keys up to it."""


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
    past = k.shape[2] - q.shape[2]
    padding = ~keep[:, None, :, None]
    keys, values = k.masked_fill(padding, 0.0), v.masked_fill(padding, 0.0)
    outputs = [values[:, :, :0]]
    for i in range(q.shape[2]):
        end = past + i + 1
        weights = _attention_weights(q[:, :, i : i + 1], keys[:, :, :end], keep[:, None, None, :end])
        outputs.append(weights @ values[:, :, :end])
    return torch.cat(outputs, 2), (k, v, keep)
