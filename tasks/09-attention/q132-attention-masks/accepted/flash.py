"""Exponentials and sums by hand, and an online softmax over blocks of keys for the long sequences."""

import torch

NONE = float("-inf")


def masked_softmax(scores, keep):
    if keep.dtype is not torch.bool:
        raise ValueError("keep")
    try:
        fits = torch.broadcast_shapes(scores.shape, keep.shape) == scores.shape
    except RuntimeError:
        fits = False
    if not fits:
        raise ValueError("shape of keep")
    wide = scores.to(torch.promote_types(scores.dtype, torch.float32))
    if wide.numel() == 0:
        return torch.zeros_like(scores)
    wide = torch.where(keep, wide, NONE)
    top = wide.detach().amax(-1, keepdim=True)
    e = torch.exp(wide - torch.where(top == NONE, 0.0, top))
    total = e.sum(-1, keepdim=True)
    return (e / torch.where(total == 0, 1.0, total)).to(scores.dtype)


def padding_mask(tokens, pad_id):
    if tokens.dim() != 2 or tokens.dtype == torch.bool or tokens.is_floating_point() or tokens.is_complex():
        raise ValueError("tokens")
    return tokens.ne(pad_id).reshape(tokens.shape[0], 1, 1, tokens.shape[1])


def causal_mask(queries, keys, window=None):
    if queries < 0 or queries > keys or (window is not None and window < 1):
        raise ValueError("sizes")
    mask = torch.ones(queries, keys, dtype=torch.bool).tril(keys - queries)
    return mask if window is None else mask.triu(keys - queries - window + 1)


def combine_masks(masks, dtype):
    if len(masks) == 0 or not dtype.is_floating_point:
        raise ValueError("masks or dtype")
    wide = torch.float64 if dtype == torch.float64 else torch.float32
    additive = []
    for mask in masks:
        if mask.dtype == torch.bool:
            additive.append(torch.zeros(mask.shape, dtype=wide).masked_fill(mask.logical_not(), NONE))
        elif mask.is_floating_point():
            additive.append(mask.to(torch.promote_types(wide, mask.dtype)))
        else:
            raise ValueError("neither boolean nor floating")
    try:
        total = additive[0]
        for mask in additive[1:]:
            total = total + mask
    except RuntimeError:
        raise ValueError("shapes") from None
    return total.to(dtype) if total.dtype != dtype else total.clone()


def cached_attention(q, k, v, keep, cache=None):
    if keep.dtype != torch.bool or tuple(keep.shape) != (q.shape[0], q.shape[2]):
        raise ValueError("keep")
    if cache is None:
        keys, values, real = k, v, keep
    else:
        keys, values, real = (torch.cat(pair, dim=d) for pair, d in zip(zip(cache, (k, v, keep)), (2, 2, 1)))
    shown = real[:, None, :, None]
    clean_k, clean_v = torch.where(shown, keys, 0.0), torch.where(shown, values, 0.0)
    scores = torch.einsum("bhid,bhjd->bhij", q, clean_k) / q.shape[-1] ** 0.5
    mask = causal_mask(q.shape[2], keys.shape[2]) & real[:, None, None, :]
    out = torch.einsum("bhij,bhjd->bhid", masked_softmax(scores, mask), clean_v)
    return out, (keys, values, real)


def is_whole(tensor):
    return tensor.dtype in (torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8)


def packed_mask(document, span=None):
    if document.dim() != 2 or not is_whole(document):
        raise ValueError("document")
    if span is not None and (not is_whole(span) or span.shape != document.shape):
        raise ValueError("span")
    length = document.shape[1]
    mask = torch.ones(length, length, dtype=torch.bool).tril().expand(len(document), -1, -1)
    if span is not None:
        same = span.unsqueeze(2).eq(span.unsqueeze(1))
        mask = mask.logical_or(same.logical_and(span.unsqueeze(2).gt(0)))
    same = document.unsqueeze(2).eq(document.unsqueeze(1))
    return mask.logical_and(same).logical_and(document.ge(0).unsqueeze(2)).unsqueeze(1)


def streamed_attention(q, k, v, document, window, block=128):
    if window < 1 or block < 1 or tuple(document.shape) != (q.shape[0], q.shape[2]):
        raise ValueError("arguments")
    length = q.shape[2]
    outs = [attend_block(q, k, v, document, window, i, min(i + block, length), block) for i in range(0, length, block)]
    return torch.cat(outs, 2) if outs else torch.zeros_like(v)


def attend_block(q, k, v, document, window, first, last, block):
    """The queries first..last, over blocks of keys from the oldest that the first of them sees."""
    mine = q[:, :, first:last] * q.shape[-1] ** -0.5
    place = torch.arange(first, last)[:, None]
    whose = document[:, None, first:last, None]
    top = torch.full((*mine.shape[:3], 1), NONE, dtype=q.dtype)
    total = torch.zeros_like(top)
    summed = torch.zeros_like(v[:, :, first:last])
    for start in range(max(0, first - window + 1), last, block):
        stop = min(start + block, last)
        age = place - torch.arange(start, stop)
        seen = (whose == document[:, None, None, start:stop]) & (whose >= 0) & (age >= 0) & (age < window)
        scores = (mine @ k[:, :, start:stop].mT).masked_fill(~seen, NONE)
        higher = torch.maximum(top, scores.detach().amax(-1, keepdim=True))
        pivot = higher.masked_fill(higher == NONE, 0.0)
        weights = torch.exp(scores - pivot)
        fade = torch.exp(top - pivot)
        total = total * fade + weights.sum(-1, keepdim=True)
        summed = summed * fade + weights @ v[:, :, start:stop]
        top = higher
    return summed / total.masked_fill(total == 0, 1.0)
