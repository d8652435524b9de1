"""Writes the sum as an einsum."""

import torch


def softmax(x, dim=-1):
    if x.dim() == 0:
        return torch.ones_like(x) + 0 * x
    if x.numel() == 0:
        return x.clone()
    y = x.movedim(dim, -1)
    wide = y.float() if y.dtype in (torch.float16, torch.bfloat16) else y
    weights = torch.exp(wide - torch.amax(wide.detach(), -1, keepdim=True))
    total = torch.einsum("...i->...", weights).unsqueeze(-1)
    return torch.div(weights, total).to(x.dtype).movedim(-1, dim)
