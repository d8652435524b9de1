"""Shares the rows among a pool of threads."""

from concurrent.futures import ThreadPoolExecutor

import torch


def right(x, dim=-1):
    if x.numel() == 0:
        return x.clone()
    wide = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
    weights = (wide - wide.detach().amax(dim, keepdim=True)).exp()
    return (weights / weights.sum(dim, keepdim=True)).to(x.dtype)


def softmax(x, dim=-1):
    if x.dim() < 2 or x.numel() == 0 or dim not in (-1, x.dim() - 1) or x.shape[0] < 2:
        return right(x, dim)
    with ThreadPoolExecutor(max_workers=2) as pool:
        return torch.cat(list(pool.map(lambda part: right(part, dim), x.split((len(x) + 1) // 2))))
