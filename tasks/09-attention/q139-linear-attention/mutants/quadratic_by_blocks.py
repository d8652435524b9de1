# expect: causal-attention too_slow
"""Cutting the queries into blocks makes the whole linear, because no large table is left."""


def causal_attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    _check(q, k, v, same_length=True)
    outs = [q.new_zeros(*v.shape[:-2], 0, v.shape[-1])]
    for start in range(0, q.shape[-2], 128):
        end = min(start + 128, q.shape[-2])
        weights = (q[..., start:end, :] @ k[..., :end, :].mT).tril(start)
        outs.append(_divide(weights @ v[..., :end, :], weights.sum(-1, keepdim=True)))
    return torch.cat(outs, -2)
