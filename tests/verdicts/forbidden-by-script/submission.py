"""Compiles a call of it with TorchScript, which binds operators by itself."""

import torch


@torch.jit.script
def smooth(x, dim: int):
    return x.softmax(dim)


def softmax(x, dim=-1):
    return smooth(x, dim)
