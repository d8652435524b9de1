"""Calls the method of the base class, which nobody replaced."""

import torch


def softmax(x, dim=-1):
    return super(torch.Tensor, x).softmax(dim)
