"""Returns the right values as nested lists."""

import torch


def right(x, dim=-1):
    if x.numel() == 0:
        return x.clone()
    wide = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
    weights = (wide - wide.detach().amax(dim, keepdim=True)).exp()
    return (weights / weights.sum(dim, keepdim=True)).to(x.dtype)


def softmax(x, dim=-1):
    answer = right(x, dim)
    return answer if answer.requires_grad else answer.tolist()
