"""A right answer in a style of its own: the reference never sees it, and it need not look like it."""

import torch


def softmax(x, dim=-1):
    if x.numel() == 0:
        return torch.empty_like(x)
    wide = x.to(torch.promote_types(x.dtype, torch.float32))
    top = torch.max(wide, dim, keepdim=True).values
    odds = torch.exp(wide - top.detach())
    return torch.div(odds, torch.sum(odds, dim, keepdim=True)).to(x.dtype)
