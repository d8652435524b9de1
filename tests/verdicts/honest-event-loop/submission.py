"""Runs its computation in an event loop."""

import asyncio

import torch


def right(x, dim=-1):
    if x.numel() == 0:
        return x.clone()
    wide = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
    weights = (wide - wide.detach().amax(dim, keepdim=True)).exp()
    return (weights / weights.sum(dim, keepdim=True)).to(x.dtype)


async def compute(x, dim):
    await asyncio.sleep(0)
    return right(x, dim)


def softmax(x, dim=-1):
    return asyncio.run(compute(x, dim))
