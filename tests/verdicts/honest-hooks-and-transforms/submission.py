"""Differentiates through vmap of a single row."""

import torch


def row(x):
    weights = (x - x.detach().amax(-1)).exp()
    return weights / weights.sum(-1)


def softmax(x, dim=-1):
    if x.dim() == 0:
        return torch.ones_like(x)
    if x.numel() == 0:
        return x.clone()
    y = x.movedim(dim, -1)
    wide = y.float() if y.dtype in (torch.float16, torch.bfloat16) else y
    rows = torch.func.vmap(row)(wide.reshape(-1, wide.shape[-1]))
    return rows.reshape(y.shape).to(x.dtype).movedim(-1, dim)
