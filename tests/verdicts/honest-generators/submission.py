"""Sums with generators and comprehensions, chunk by chunk."""

import torch


def chunks(x, size):
    for start in range(0, x.shape[-1], size):
        yield x[..., start : start + size]


def softmax(x, dim=-1):
    if x.dim() == 0:
        return torch.ones_like(x)
    if x.numel() == 0:
        return x.clone()
    wide = x.movedim(dim, -1)
    wide = wide.float() if wide.dtype in (torch.float16, torch.bfloat16) else wide
    wide = wide - wide.detach().amax(-1, keepdim=True)
    parts = [torch.exp(chunk) for chunk in chunks(wide, 1000)]
    total = sum(part.sum(-1, keepdim=True) for part in parts)
    return torch.cat([part / total for part in parts], -1).to(x.dtype).movedim(-1, dim)
