# expect: chunked-attention exception
"""Lengths are multiples of the chunk, a ragged tail does not occur."""


def chunked_attention(
    q: Tensor, k: Tensor, v: Tensor, chunk: int, state: tuple[Tensor, Tensor] | None = None
) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    _check(q, k, v, same_length=True)
    if chunk < 1:
        raise ValueError("chunk must be at least 1")
    if q.shape[-2] < chunk:
        return _scan(q, k, v, chunk, state)
    whole = q.shape[-2] // chunk * chunk
    return _scan(q[..., :whole, :], k[..., :whole, :], v[..., :whole, :], chunk, state)
