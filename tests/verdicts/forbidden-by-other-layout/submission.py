"""Calls it on a tensor of another layout, which has kernels of its own."""

import torch


def softmax(x, dim=-1):
    return super(torch.Tensor, x.to_mkldnn()).softmax(dim).to_dense()
