# expect: recurrent-step wrong_dtype
"""A sum of many tokens can be kept in the half precision of the tokens."""


def recurrent_step(
    q: Tensor, k: Tensor, v: Tensor, state: tuple[Tensor, Tensor] | None = None
) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    if q.shape != k.shape or k.shape[:-1] != v.shape[:-1]:
        raise ValueError("q, k and v must be of one and the same token")
    s, z = k.unsqueeze(-1) * v.unsqueeze(-2), k.clone()
    if state is not None:
        s, z = state[0] + s, state[1] + z
    return _divide((q.unsqueeze(-2) @ s).squeeze(-2), (q * z).sum(-1, keepdim=True)), (s, z)
