# expect: chunked-attention too_large
"""A running sum over positions is already the cheapest form; no chunk can save memory."""


def chunked_attention(
    q: Tensor, k: Tensor, v: Tensor, chunk: int, state: tuple[Tensor, Tensor] | None = None
) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    _check(q, k, v, same_length=True)
    if chunk < 1:
        raise ValueError("chunk must be at least 1")
    s = (k.unsqueeze(-1) * v.unsqueeze(-2)).cumsum(-3)
    z = k.cumsum(-2)
    if state is not None:
        s, z = s + state[0].unsqueeze(-3), z + state[1].unsqueeze(-2)
    first = state or (k.new_zeros(*k.shape[:-2], k.shape[-1], v.shape[-1]), k.new_zeros(*k.shape[:-2], k.shape[-1]))
    last = (s[..., -1, :, :].clone(), z[..., -1, :].clone()) if k.shape[-2] else first
    return _divide((q.unsqueeze(-2) @ s).squeeze(-2), (q * z).sum(-1, keepdim=True)), last
