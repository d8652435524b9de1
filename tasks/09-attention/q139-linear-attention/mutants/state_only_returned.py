# expect: chunked-attention wrong_value
"""A stretch starts afresh; the state only counts for the next one."""


def chunked_attention(
    q: Tensor, k: Tensor, v: Tensor, chunk: int, state: tuple[Tensor, Tensor] | None = None
) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    _check(q, k, v, same_length=True)
    if chunk < 1:
        raise ValueError("chunk must be at least 1")
    out, (s, z) = _scan(q, k, v, chunk, None)
    return out, (s, z) if state is None else (state[0] + s, state[1] + z)
