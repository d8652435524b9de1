# expect: chunked-attention too_slow
"""A recurrence has to be walked one position at a time."""


def chunked_attention(
    q: Tensor, k: Tensor, v: Tensor, chunk: int, state: tuple[Tensor, Tensor] | None = None
) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    _check(q, k, v, same_length=True)
    if chunk < 1:
        raise ValueError("chunk must be at least 1")
    s, z = state or (k.new_zeros(*k.shape[:-2], k.shape[-1], v.shape[-1]), k.new_zeros(*k.shape[:-2], k.shape[-1]))
    outs = [v[..., :0, :]]
    for t in range(q.shape[-2]):
        s = s + k[..., t, :, None] * v[..., t, None, :]
        z = z + k[..., t, :]
        num = q[..., t, None, :] @ s
        outs.append(_divide(num, (q[..., t, :] * z).sum(-1)[..., None, None]))
    return torch.cat(outs, -2), (s, z)
