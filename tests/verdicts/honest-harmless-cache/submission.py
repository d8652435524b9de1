"""Caches what does not depend on the values."""

import functools

import torch

shapes = {}


@functools.lru_cache(maxsize=None)
def working_dtype(dtype):
    return torch.float32 if dtype in (torch.float16, torch.bfloat16) else dtype


@functools.cache
def normalised_dim(dim, dims):
    return dim % dims if dims else 0


def softmax(x, dim=-1):
    shapes[tuple(x.shape)] = shapes.get(tuple(x.shape), 0) + 1
    if x.numel() == 0:
        return x.clone()
    dim = normalised_dim(dim, x.dim())
    wide = x.to(working_dtype(x.dtype))
    weights = (wide - wide.detach().amax(dim, keepdim=True)).exp()
    return (weights / weights.sum(dim, keepdim=True)).to(x.dtype)
