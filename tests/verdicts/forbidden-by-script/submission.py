"""Compiles a call of it with TorchScript."""

import torch


@torch.jit.script
def smooth(x, dim: int):
    return torch.softmax(x, dim)


def softmax(x, dim=-1):
    return smooth(x, dim)
