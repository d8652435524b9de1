"""Asks for eight gigabytes at once."""

import torch


def softmax(x, dim=-1):
    return torch.ones(1 << 31).sum() + x
