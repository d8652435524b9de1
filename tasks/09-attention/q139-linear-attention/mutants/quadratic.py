# expect: causal-attention too_slow
"""A causal mask needs the table of all pairs, with or without a softmax."""


def causal_attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    _check(q, k, v, same_length=True)
    weights = (q @ k.mT).tril()
    return _divide(weights @ v, weights.sum(-1, keepdim=True))
