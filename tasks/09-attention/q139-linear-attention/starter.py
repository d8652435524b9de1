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
    raise NotImplementedError


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
    raise NotImplementedError


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
    raise NotImplementedError


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
    raise NotImplementedError


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
    raise NotImplementedError


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
    raise NotImplementedError


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
    raise NotImplementedError
