# expect: chunked-attention wrong_value
"""The last state is a view of the states of all chunks, which costs nothing."""


def chunked_attention(
    q: Tensor, k: Tensor, v: Tensor, chunk: int, state: tuple[Tensor, Tensor] | None = None
) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    _check(q, k, v, same_length=True)
    if chunk < 1:
        raise ValueError("chunk must be at least 1")
    v = torch.cat([v, v.new_ones(*v.shape[:-1], 1)], -1)
    length = q.shape[-2]
    q, k, v = (_cut(x, chunk) for x in (q, k, v))
    if state is None:
        first = v.new_zeros(*v.shape[:-3], 1, k.shape[-1], v.shape[-1])
    else:
        first = torch.cat([state[0], state[1].unsqueeze(-1)], -1).unsqueeze(-3)
    states = torch.cat([first, k.mT @ v], -3).cumsum(-3)
    out = (q @ states[..., :-1, :, :] + (q @ k.mT).tril() @ v).flatten(-3, -2)[..., :length, :]
    return _divide(out[..., :-1], out[..., -1:]), (states[..., -1, :, :-1], states[..., -1, :, -1])
