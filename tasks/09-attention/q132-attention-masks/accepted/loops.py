"""Python lists and loops for the masks, torch.softmax where a row sees anything, one head at a time when streaming."""

import math

import torch


def masked_softmax(scores, keep):
    if keep.dtype != torch.bool or keep.dim() > scores.dim():
        raise ValueError("keep")
    for mine, theirs in zip(reversed(keep.shape), reversed(scores.shape)):
        if mine not in (1, theirs):
            raise ValueError("keep does not broadcast")
    keep = torch.broadcast_to(keep, scores.shape)
    compute = torch.float32 if scores.dtype in (torch.float16, torch.bfloat16) else scores.dtype
    sees = keep.any(-1, keepdim=True)
    # a row that sees nothing is shown zeros, so that its softmax is defined, and is then blanked
    inner = torch.where(keep, scores.to(compute), torch.where(sees, -math.inf, 0.0).to(compute))
    return (torch.softmax(inner, dim=-1) * sees).to(scores.dtype)


def padding_mask(tokens, pad_id):
    integer = not (tokens.dtype.is_floating_point or tokens.dtype.is_complex or tokens.dtype == torch.bool)
    if tokens.ndim != 2 or not integer:
        raise ValueError("tokens")
    rows = [[[[token != pad_id for token in row]]] for row in tokens.tolist()]
    return torch.tensor(rows, dtype=torch.bool).reshape(tokens.shape[0], 1, 1, tokens.shape[1])


def causal_mask(queries, keys, window=None):
    if not 0 <= queries <= keys:
        raise ValueError("queries")
    if window is not None and window <= 0:
        raise ValueError("window")
    mask = torch.zeros(queries, keys, dtype=torch.bool)
    for i in range(queries):
        p = keys - queries + i
        oldest = 0 if window is None else max(0, p - window + 1)
        mask[i, oldest : p + 1] = True
    return mask


def combine_masks(masks, dtype):
    if not masks:
        raise ValueError("no masks")
    if not dtype.is_floating_point:
        raise ValueError("dtype")
    for mask in masks:
        if mask.dtype != torch.bool and not mask.dtype.is_floating_point:
            raise ValueError("kind of mask")
    try:
        masks = torch.broadcast_tensors(*masks)
    except RuntimeError as error:
        raise ValueError(str(error)) from error
    hidden = torch.zeros(masks[0].shape, dtype=torch.bool)
    bias = torch.zeros(masks[0].shape, dtype=torch.float64)
    for mask in masks:
        if mask.dtype == torch.bool:
            hidden |= ~mask
        else:
            hidden |= mask == -math.inf
            bias += torch.where(mask == -math.inf, 0.0, mask.double())
    return torch.where(hidden, -math.inf, bias).to(dtype)


def cached_attention(q, k, v, keep, cache=None):
    if keep.dtype != torch.bool or keep.shape != torch.Size([q.size(0), q.size(2)]):
        raise ValueError("keep")
    past = 0
    if cache is not None:
        past = cache[0].size(2)
        k = torch.cat((cache[0], k), dim=-2)
        v = torch.cat((cache[1], v), dim=-2)
        keep = torch.cat((cache[2], keep), dim=-1)
    outs = []
    new = q.size(2)
    for b in range(q.size(0)):
        real = keep[b].nonzero()[:, 0]  # padding is left out, so it cannot leave a trace
        visible = real[None, :] <= torch.arange(past, past + new)[:, None]
        scores = q[b] @ k[b][:, real].transpose(1, 2) / math.sqrt(q.size(3))
        outs.append(masked_softmax(scores, visible) @ v[b][:, real])
    out = torch.stack(outs) if outs else torch.zeros_like(q)
    return out, (k, v, keep)


def packed_mask(document, span=None):
    for tensor in (document,) if span is None else (document, span):
        if tensor.ndim != 2 or tensor.shape != document.shape:
            raise ValueError("shape")
        if tensor.dtype == torch.bool or tensor.dtype.is_floating_point or tensor.dtype.is_complex:
            raise ValueError("dtype")
    batch, length = document.shape
    mask = torch.zeros(batch, 1, length, length, dtype=torch.bool)
    documents = document.tolist()
    spans = [[0] * length] * batch if span is None else span.tolist()
    for b in range(batch):
        for i in range(length):
            if documents[b][i] < 0:
                continue
            for j in range(length):
                if documents[b][j] == documents[b][i]:
                    mask[b, 0, i, j] = j <= i or (spans[b][i] == spans[b][j] and spans[b][i] > 0)
    return mask


def streamed_attention(q, k, v, document, window, block=128):
    if window < 1:
        raise ValueError("window")
    if block < 1:
        raise ValueError("block")
    batch, heads, length, width = q.shape
    if document.shape != (batch, length):
        raise ValueError("document")
    pieces = []
    for start in range(0, length, block):
        end = min(length, start + block)
        oldest = max(0, start - window + 1)
        distance = torch.arange(start, end).reshape(-1, 1) - torch.arange(oldest, end).reshape(1, -1)
        near = distance.clamp(0, window - 1) == distance
        rows = []
        for b in range(batch):
            mine, theirs = document[b, start:end, None], document[b, None, oldest:end]
            keep = near & (mine == theirs) & (mine >= 0)
            for h in range(heads):
                scores = q[b, h, start:end] @ k[b, h, oldest:end].T / math.sqrt(width)
                rows.append(masked_softmax(scores, keep) @ v[b, h, oldest:end])
        pieces.append(torch.stack(rows).reshape(batch, heads, end - start, width) if rows else q[:, :, start:end] * 0)
    return torch.cat(pieces, dim=2) if pieces else torch.zeros_like(q)
