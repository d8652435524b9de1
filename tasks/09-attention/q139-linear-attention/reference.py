"""Linear attention: the average over keys without the table of all pairs."""

import torch
from torch import Tensor


def linear_attention(q: Tensor, k: Tensor, v: Tensor, keep: Tensor | None = None) -> Tensor:
    """Average the values with weights q·k, every query over every visible key.

    Args:
        q: features of the queries, [..., T, M], non-negative.
        k: features of the keys, [..., S, M], non-negative.
        v: values, [..., S, V].
        keep: bool, broadcasts to [..., S]; True marks a visible key. None shows all.

    Returns:
        [..., T, V]; zeros where a query finds no mass.

    Raises:
        ValueError: the shapes do not belong together.
    """
    _check(q, k, v)
    if keep is not None:
        k = torch.where(keep.unsqueeze(-1), k, 0)
        v = torch.where(keep.unsqueeze(-1), v, 0)
    return _average(q, k, v)


def kernel_features(x: Tensor, kind: str, w: Tensor | None = None) -> Tensor:
    """Map vectors to the non-negative features of a kernel.

    Args:
        x: [..., D].
        kind: "elu+1" or "favor+".
        w: the random directions of "favor+", [M, D]; "elu+1" ignores it.

    Returns:
        [..., D] for "elu+1", [..., M] for "favor+".

    Raises:
        ValueError: an unknown kind, or "favor+" without a fitting w.
    """
    if kind == "elu+1":
        return torch.where(x > 0, x + 1, x.clamp(max=0).exp())
    if kind != "favor+":
        raise ValueError(f"unknown kind of features: {kind!r}")
    if w is None or w.ndim != 2 or w.shape[-1] != x.shape[-1]:
        raise ValueError("favor+ needs w of shape [M, D]")
    return _favor(x, w)


def recurrent_step(
    q: Tensor, k: Tensor, v: Tensor, state: tuple[Tensor, Tensor] | None = None
) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """Take in one token and answer its query: causal linear attention as a recurrent network.

    Args:
        q, k: features of the token, [..., M], non-negative.
        v: its value, [..., V].
        state: what the previous step returned; None before the first token.

    Returns:
        The output [..., V], and the new state (s [..., M, V], z [..., M]).

    Raises:
        ValueError: the shapes do not belong together.
    """
    if q.shape != k.shape or k.shape[:-1] != v.shape[:-1]:
        raise ValueError("q, k and v must be of one and the same token")
    wide = torch.promote_types(v.dtype, torch.float32)
    q, k, wide_v = q.to(wide), k.to(wide), v.to(wide)
    s, z = k.unsqueeze(-1) * wide_v.unsqueeze(-2), k.clone()
    if state is not None:
        s, z = state[0] + s, state[1] + z
    num = (q.unsqueeze(-2) @ s).squeeze(-2)
    out = _divide(num, (q * z).sum(-1, keepdim=True))
    return out.to(v.dtype), (s, z)


def causal_attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Average the values with weights q·k, every position over itself and the earlier ones.

    Args:
        q, k: features, [..., T, M], non-negative.
        v: values, [..., T, V].

    Returns:
        [..., T, V]; zeros where a position finds no mass.

    Raises:
        ValueError: the shapes do not belong together.
    """
    _check(q, k, v, same_length=True)
    return _scan(q, k, v, 64, None)[0]


def approximation_error(q: Tensor, k: Tensor, v: Tensor, w: Tensor) -> Tensor:
    """How far attention by random features is from softmax attention, relative to the latter.

    Args:
        q: queries, [..., T, D].
        k: keys, [..., S, D].
        v: values, [..., S, V].
        w: random directions, [M, D].

    Returns:
        One error for each leading index, [...].

    Raises:
        ValueError: the shapes do not belong together.
    """
    _check(q, k, v)
    if w.ndim != 2 or w.shape[-1] != q.shape[-1]:
        raise ValueError("w must be [M, D]")
    temperature = q.shape[-1] ** -0.25
    q, k = q * temperature, k * temperature
    exact = torch.softmax(q @ k.mT, -1) @ v
    near = _average(_favor(q, w), _favor(k, w), v)
    return torch.linalg.matrix_norm(near - exact) / torch.linalg.matrix_norm(exact)


def recall_curve(keys: Tensor, values: Tensor, rule: str = "sum") -> Tensor:
    """Write pairs into one matrix and tell after each write which share of them it still recalls.

    Args:
        keys: [N, D], no zero rows; used at unit length.
        values: [N, V], all different.
        rule: "sum" adds every pair; "delta" first takes out what the memory answers for the key.

    Returns:
        [N]; entry n - 1 is the share of the first n pairs that is recalled after n writes.

    Raises:
        ValueError: an unknown rule, or not as many keys as values.
    """
    if rule not in ("sum", "delta"):
        raise ValueError(f"unknown rule: {rule!r}")
    if keys.ndim != 2 or values.ndim != 2 or len(keys) != len(values):
        raise ValueError("keys [N, D] and values [N, V] must pair up")
    keys = keys / torch.linalg.vector_norm(keys, dim=-1, keepdim=True)
    memory = keys.new_zeros(keys.shape[1], values.shape[1])
    curve = keys.new_zeros(len(keys))
    for i, (key, value) in enumerate(zip(keys, values, strict=True)):
        old = key @ memory if rule == "delta" else 0
        memory = memory + torch.outer(key, value - old)
        curve[i] = _recalled(keys[: i + 1] @ memory, values[: i + 1])
    return curve


def chunked_attention(
    q: Tensor, k: Tensor, v: Tensor, chunk: int, state: tuple[Tensor, Tensor] | None = None
) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """Causal attention over a stretch of a longer sequence, chunk by chunk.

    Args:
        q, k: features, [..., T, M], non-negative.
        v: values, [..., T, V].
        chunk: how many positions are handled at once; changes the cost, never the answer.
        state: what the previous stretch returned; None at the start of the sequence.

    Returns:
        The outputs [..., T, V], and the state (s [..., M, V], z [..., M]) after the stretch.

    Raises:
        ValueError: the shapes do not belong together, or chunk is below 1.
    """
    _check(q, k, v, same_length=True)
    if chunk < 1:
        raise ValueError("chunk must be at least 1")
    return _scan(q, k, v, chunk, state)


def _check(q: Tensor, k: Tensor, v: Tensor, same_length: bool = False) -> None:
    """Refuse shapes that do not belong together."""
    if not q.shape[:-2] == k.shape[:-2] == v.shape[:-2]:
        raise ValueError("q, k and v must have the same leading dimensions")
    if q.shape[-1] != k.shape[-1] or k.shape[-2] != v.shape[-2]:
        raise ValueError("q and k share their width, k and v their length")
    if same_length and q.shape[-2] != k.shape[-2]:
        raise ValueError("causal attention needs as many queries as keys")


def _divide(num: Tensor, den: Tensor) -> Tensor:
    """num / den, and zeros without a gradient where den is zero."""
    empty = den == 0
    return torch.where(empty, 0, num / torch.where(empty, 1, den))


def _average(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Keys meet values first, so no table of queries against keys is made."""
    return _divide(q @ (k.mT @ v), q @ k.sum(-2).unsqueeze(-1))


def _favor(x: Tensor, w: Tensor) -> Tensor:
    """Positive random features: one exponential, whose exponent never exceeds half the square of a row of w."""
    return (x @ w.mT - x.square().sum(-1, keepdim=True) / 2).exp() / w.shape[0] ** 0.5


def _scan(
    q: Tensor, k: Tensor, v: Tensor, chunk: int, state: tuple[Tensor, Tensor] | None
) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """All chunks at once: pairs inside a chunk, and the summed state for all that came before it."""
    length, width = q.shape[-2], k.shape[-1]
    v = torch.cat([v, v.new_ones(*v.shape[:-1], 1)], -1)  # the last column carries the denominator
    q, k, v = (_cut(x, chunk) for x in (q, k, v))
    if state is None:
        first = v.new_zeros(*v.shape[:-3], 1, width, v.shape[-1])
    else:
        first = torch.cat([state[0], state[1].unsqueeze(-1)], -1).unsqueeze(-3)
    states = torch.cat([first, k.mT @ v], -3).cumsum(-3)
    out = q @ states[..., :-1, :, :] + (q @ k.mT).tril_() @ v
    out = out.flatten(-3, -2)[..., :length, :]
    last = states[..., -1, :, :]
    return _divide(out[..., :-1], out[..., -1:]), (last[..., :-1].clone(), last[..., -1].clone())


def _cut(x: Tensor, chunk: int) -> Tensor:
    """[..., T, E] to [..., chunks, chunk, E], the last chunk filled up with zeros."""
    pad = -x.shape[-2] % chunk
    if pad:
        x = torch.cat([x, x.new_zeros(*x.shape[:-2], pad, x.shape[-1])], -2)
    return x.unflatten(-2, (x.shape[-2] // chunk, chunk))


def _recalled(answers: Tensor, values: Tensor) -> Tensor:
    """The share of answers whose nearest value is their own."""
    distance = (answers.unsqueeze(1) - values.unsqueeze(0)).square().sum(-1)
    own = torch.arange(len(values), device=values.device)
    return (distance.argmin(1) == own).to(values.dtype).mean()
