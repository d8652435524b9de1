"""Imports the function under another name."""

from torch.nn.functional import softmax as smooth


def softmax(x, dim=-1):
    return smooth(x, dim)
