# expect: causal-attention wrong_value
"""The denominator only scales, so one sum over all keys serves every position."""


def causal_attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    _check(q, k, v, same_length=True)
    s = (k.unsqueeze(-1) * v.unsqueeze(-2)).cumsum(-3)
    return _divide((q.unsqueeze(-2) @ s).squeeze(-2), (q * k.sum(-2, keepdim=True)).sum(-1, keepdim=True))
