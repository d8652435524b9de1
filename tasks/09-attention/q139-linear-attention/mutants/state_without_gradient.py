# expect: chunked-attention bad_gradient
"""What came before the stretch is history and needs no gradient."""


def chunked_attention(
    q: Tensor, k: Tensor, v: Tensor, chunk: int, state: tuple[Tensor, Tensor] | None = None
) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    _check(q, k, v, same_length=True)
    if chunk < 1:
        raise ValueError("chunk must be at least 1")
    if state is not None:
        state = state[0].detach(), state[1].detach()
    return _scan(q, k, v, chunk, state)
