# expect: chunked-attention wrong_value
"""The sum up to a chunk, less the chunk itself, is what came before it."""


def chunked_attention(
    q: Tensor, k: Tensor, v: Tensor, chunk: int, state: tuple[Tensor, Tensor] | None = None
) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    _check(q, k, v, same_length=True)
    if chunk < 1:
        raise ValueError("chunk must be at least 1")
    v = torch.cat([v, v.new_ones(*v.shape[:-1], 1)], -1)
    length = q.shape[-2]
    q, k, v = (_cut(x, chunk) for x in (q, k, v))
    pairs = k.mT @ v
    first = pairs.new_zeros(*pairs.shape[:-3], *pairs.shape[-2:])
    if state is not None:
        first = torch.cat([state[0], state[1].unsqueeze(-1)], -1)
    before = pairs.cumsum(-3) - pairs + first.unsqueeze(-3)
    out = (q @ before + (q @ k.mT).tril() @ v).flatten(-3, -2)[..., :length, :]
    last = pairs.sum(-3) + first
    return _divide(out[..., :-1], out[..., -1:]), (last[..., :-1].clone(), last[..., -1].clone())
