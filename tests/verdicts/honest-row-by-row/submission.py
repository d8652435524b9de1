"""Goes through the slices one by one in Python."""

import torch


def one(row):
    if row.numel() == 0:
        return row.clone()
    wide = row.float() if row.dtype in (torch.float16, torch.bfloat16) else row
    weights = torch.exp(wide - wide.detach().max())
    return (weights / weights.sum()).to(row.dtype)


def softmax(x, dim=-1):
    if x.dim() == 0 or x.numel() == 0:
        return torch.ones_like(x)
    slices = x.movedim(dim, -1)
    rows = [one(row) for row in slices.reshape(-1, slices.shape[-1])]
    return torch.stack(rows).reshape(slices.shape).movedim(-1, dim)
