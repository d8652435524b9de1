"""Keeps the largest logit of all calls in a default argument."""

import torch


def softmax(x, dim=-1, seen=[float("-inf")]):
    if x.numel() == 0:
        return x.clone()
    y = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
    seen[0] = max(seen[0], float(y.detach().nan_to_num().max()))
    weights = (y - seen[0]).exp()
    return (weights / weights.sum(dim, keepdim=True)).to(x.dtype)
