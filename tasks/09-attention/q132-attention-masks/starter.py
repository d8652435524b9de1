"""Masked attention: masks for padding, causality and packing, and attention that obeys them."""

from __future__ import annotations

import torch
from torch import Tensor


def masked_softmax(scores: Tensor, keep: Tensor) -> Tensor:
    """Softmax over the last dimension that spends its whole weight on the visible keys.

    Args:
        scores: attention scores, shape [..., L, S].
        keep: boolean, broadcastable to the shape of `scores`; True marks a visible key.

    Returns:
        Weights of the shape and dtype of `scores`: exactly 0 at hidden keys, all 0 in a row that sees no key.

    Raises:
        ValueError: `keep` is not boolean, or does not broadcast to the shape of `scores`.
    """
    raise NotImplementedError


def padding_mask(tokens: Tensor, pad_id: int) -> Tensor:
    """Which keys are real tokens.

    Args:
        tokens: integer token ids, shape [B, S].
        pad_id: the id that marks padding, wherever it stands.

    Returns:
        Boolean tensor of shape [B, 1, 1, S]; True marks a real token.

    Raises:
        ValueError: `tokens` is not two-dimensional or not of an integer dtype.
    """
    raise NotImplementedError


def causal_mask(queries: int, keys: int, window: int | None = None) -> Tensor:
    """Which keys each of the last `queries` positions of a sequence of `keys` positions may see.

    Args:
        queries: number of query rows; they stand at the end of the sequence.
        keys: number of positions in the whole sequence, cached ones included.
        window: how many of the latest positions a query sees, itself counted; None for all of them.

    Returns:
        Boolean tensor of shape [queries, keys]; True marks a visible key.

    Raises:
        ValueError: a negative size, more queries than keys, or a window below 1.
    """
    raise NotImplementedError


def combine_masks(masks: list[Tensor], dtype: torch.dtype) -> Tensor:
    """One additive mask that hides what any of the masks hides and adds up their biases.

    Args:
        masks: boolean masks (True = visible) and floating masks (added to scores, -inf = hidden).
        dtype: floating dtype of the result.

    Returns:
        Additive mask of the shape the masks broadcast to: -inf where hidden, the sum of the biases elsewhere.

    Raises:
        ValueError: no masks, or masks that do not broadcast, or a mask or `dtype` of a kind not named above.
    """
    raise NotImplementedError


def cached_attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    keep: Tensor,
    cache: tuple[Tensor, Tensor, Tensor] | None = None,
) -> tuple[Tensor, tuple[Tensor, Tensor, Tensor]]:
    """Causal attention of a chunk of new tokens over everything cached so far and themselves.

    Args:
        q, k, v: projections of the new tokens, shape [B, H, N, D].
        keep: boolean, shape [B, N]; False marks a new token that is padding.
        cache: what the previous chunk returned: keys, values [B, H, P, D] and keep [B, P]; None at the start.

    Returns:
        The attention output [B, H, N, D] and the cache for the next chunk, the new tokens appended.

    Raises:
        ValueError: `keep` is not boolean of shape [B, N].
    """
    raise NotImplementedError


def packed_mask(document: Tensor, span: Tensor | None = None) -> Tensor:
    """Who sees whom in rows that hold several documents, some of them with two-way spans.

    Args:
        document: integer, shape [B, L]: the document of each token; negative marks padding.
        span: integer, shape [B, L]: tokens of one document with the same positive span see each other both ways.

    Returns:
        Boolean tensor of shape [B, 1, L, L], queries before keys; True marks a visible key.

    Raises:
        ValueError: `document` is not [B, L] of an integer dtype, or `span` is not an integer tensor of its shape.
    """
    raise NotImplementedError


def streamed_attention(q: Tensor, k: Tensor, v: Tensor, document: Tensor, window: int, block: int = 128) -> Tensor:
    """Causal sliding-window attention over packed documents, a block of queries at a time.

    Args:
        q, k, v: projections, shape [B, H, L, D].
        document: integer, shape [B, L]: the document of each token; negative marks padding.
        window: how many of the latest positions a query sees, itself counted.
        block: how many queries to work on at once; changes the cost, never the result.

    Returns:
        The attention output, shape [B, H, L, D]; rows of padding are 0.

    Raises:
        ValueError: `window` or `block` below 1, or `document` not of shape [B, L].
    """
    raise NotImplementedError
