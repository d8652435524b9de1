"""Decorates its function with torch.compile."""

import torch


def right(x, dim=-1):
    if x.numel() == 0:
        return x.clone()
    wide = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
    weights = (wide - wide.detach().amax(dim, keepdim=True)).exp()
    return (weights / weights.sum(dim, keepdim=True)).to(x.dtype)


@torch.compile
def core(x, dim):
    return right(x, dim)


def softmax(x, dim=-1):
    return core(x, dim)
