# expect: recurrent-step wrong_value
"""A token answers from the memory as it was before it came."""


def recurrent_step(
    q: Tensor, k: Tensor, v: Tensor, state: tuple[Tensor, Tensor] | None = None
) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    if q.shape != k.shape or k.shape[:-1] != v.shape[:-1]:
        raise ValueError("q, k and v must be of one and the same token")
    wide = torch.promote_types(v.dtype, torch.float32)
    dtype, q, k, v = v.dtype, q.to(wide), k.to(wide), v.to(wide)
    if state is None:
        state = k.new_zeros(*k.shape, v.shape[-1]), torch.zeros_like(k)
    s, z = state
    out = _divide((q.unsqueeze(-2) @ s).squeeze(-2), (q * z).sum(-1, keepdim=True))
    return out.to(dtype), (s + k.unsqueeze(-1) * v.unsqueeze(-2), z + k)
