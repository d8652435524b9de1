# expect: causal-attention wrong_value
"""The summed state of the chunks before is enough for every position of a chunk."""


def causal_attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    _check(q, k, v, same_length=True)
    length = q.shape[-2]
    v = torch.cat([v, torch.ones_like(v[..., :1])], -1)
    q, k, v = (_cut(x, 64) for x in (q, k, v))
    pairs = k.mT @ v
    out = (q @ (pairs.cumsum(-3) - pairs)).flatten(-3, -2)[..., :length, :]
    return _divide(out[..., :-1], out[..., -1:])
