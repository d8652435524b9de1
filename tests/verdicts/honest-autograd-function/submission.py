"""Writes its own backward pass."""

import torch


class Smooth(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, dim):
        weights = (x - x.amax(dim, keepdim=True)).exp()
        y = weights / weights.sum(dim, keepdim=True)
        ctx.save_for_backward(y)
        ctx.dim = dim
        return y

    @staticmethod
    def backward(ctx, dy):
        (y,) = ctx.saved_tensors
        return y * (dy - (y * dy).sum(ctx.dim, keepdim=True)), None


def softmax(x, dim=-1):
    if x.numel() == 0:
        return x.clone()
    wide = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
    return Smooth.apply(wide, dim).to(x.dtype)
