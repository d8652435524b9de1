"""Calls the copy in torch.special."""

import torch


def softmax(x, dim=-1):
    return torch.special.softmax(x, dim)
