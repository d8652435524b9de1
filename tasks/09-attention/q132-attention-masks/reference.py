"""Masked attention: masks for padding, causality and packing, and attention that obeys them."""

from __future__ import annotations

import math

import torch
from torch import Tensor

HIDDEN = float("-inf")


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
    if keep.dtype != torch.bool:
        raise ValueError(f"keep must be boolean, not {keep.dtype}")
    try:
        keep = keep.expand(scores.shape)
    except RuntimeError as error:
        raise ValueError(f"keep {tuple(keep.shape)} does not broadcast to {tuple(scores.shape)}") from error
    return _visible_softmax(scores, keep)


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
    if tokens.ndim != 2 or not _is_integer(tokens):
        raise ValueError(f"expected integer tokens [B, S], got {tokens.dtype} {tuple(tokens.shape)}")
    return (tokens != pad_id)[:, None, None, :]


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
    if not 0 <= queries <= keys:
        raise ValueError(f"{queries} queries do not fit into a sequence of {keys} positions")
    if window is not None and window < 1:
        raise ValueError(f"a window of {window} hides even the query itself")
    age = torch.arange(keys - queries, keys)[:, None] - torch.arange(keys)
    return age >= 0 if window is None else (age >= 0) & (age < window)


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
    if not masks or not dtype.is_floating_point:
        raise ValueError("expected at least one mask and a floating dtype")
    if any(mask.dtype != torch.bool and not mask.is_floating_point() for mask in masks):
        raise ValueError("a mask is either boolean (True = visible) or floating (added to scores)")
    try:
        shape = torch.broadcast_shapes(*(mask.shape for mask in masks))
    except RuntimeError as error:
        raise ValueError("the masks do not broadcast together") from error
    wide = torch.promote_types(dtype, torch.float32)
    total = torch.zeros(shape, dtype=wide, device=masks[0].device)
    for mask in masks:
        if mask.dtype == torch.bool:
            total = total.masked_fill(~mask, HIDDEN)
        else:
            total = total + mask.to(wide)
    return total.to(dtype)


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
    if keep.dtype != torch.bool or keep.shape != (q.shape[0], q.shape[2]):
        raise ValueError(f"expected boolean keep [B, N], got {keep.dtype} {tuple(keep.shape)}")
    if cache is not None:
        k, v, keep = torch.cat([cache[0], k], 2), torch.cat([cache[1], v], 2), torch.cat([cache[2], keep], 1)
    total = k.shape[2]
    position = torch.arange(total, device=q.device)
    visible = (position[total - q.shape[2] :, None] >= position) & keep[:, None, None, :]
    padding = ~keep[:, None, :, None]
    weights = _attention_weights(q, k.masked_fill(padding, 0.0), visible)
    return weights @ v.masked_fill(padding, 0.0), (k, v, keep)


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
    if document.ndim != 2 or not _is_integer(document):
        raise ValueError(f"expected integer document [B, L], got {document.dtype} {tuple(document.shape)}")
    if span is not None and (span.shape != document.shape or not _is_integer(span)):
        raise ValueError("span must be an integer tensor of the shape of document")
    position = torch.arange(document.shape[1], device=document.device)
    allowed = position[:, None] >= position
    if span is not None:
        allowed = allowed | ((span[:, :, None] == span[:, None, :]) & (span[:, :, None] > 0))
    together = (document[:, :, None] == document[:, None, :]) & (document[:, :, None] >= 0)
    return (together & allowed)[:, None]


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
    batch, _, length, _ = q.shape
    if window < 1 or block < 1 or document.shape != (batch, length):
        raise ValueError("expected a window and a block of at least 1, and document of shape [B, L]")
    position = torch.arange(length, device=q.device)
    output = torch.empty_like(v)
    for start in range(0, length, block):
        rows = slice(start, start + block)
        seen = slice(max(0, start - window + 1), start + block)
        age = position[rows, None] - position[seen]
        together = (document[:, rows, None] == document[:, None, seen]) & (document[:, rows, None] >= 0)
        visible = together & (age >= 0) & (age < window)
        weights = _attention_weights(q[:, :, rows], k[:, :, seen], visible[:, None])
        output[:, :, rows] = weights @ v[:, :, seen]
    return output


def _attention_weights(q: Tensor, k: Tensor, visible: Tensor) -> Tensor:
    return _visible_softmax(q / math.sqrt(q.shape[-1]) @ k.transpose(-2, -1), visible)


def _visible_softmax(scores: Tensor, visible: Tensor) -> Tensor:
    """A row that sees nothing is NaN inside softmax; the second fill makes it, and its gradient, zero."""
    hidden = ~visible
    return torch.softmax(scores.masked_fill(hidden, HIDDEN), -1).masked_fill(hidden, 0.0)


def _is_integer(tensor: Tensor) -> bool:
    return not (tensor.is_floating_point() or tensor.is_complex() or tensor.dtype == torch.bool)
