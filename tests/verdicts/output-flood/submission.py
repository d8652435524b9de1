"""Answers rightly and prints millions of characters, to both streams and past them."""

import os
import sys

import torch


def right(x, dim=-1):
    if x.numel() == 0:
        return x.clone()
    wide = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
    weights = (wide - wide.detach().amax(dim, keepdim=True)).exp()
    return (weights / weights.sum(dim, keepdim=True)).to(x.dtype)


def softmax(x, dim=-1):
    print("x" * 1_000_000)
    for _ in range(2000):
        print("softmax", file=sys.stderr)
    os.write(1, b"x" * 1_000_000)
    os.write(2, b"x" * 1_000_000)
    return right(x, dim)
