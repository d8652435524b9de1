"""Calls it in the other branch of what looks like a program of its own."""

import torch

if __name__ == "__main__":
    pass
else:
    smooth = torch.softmax


def softmax(x, dim=-1):
    return smooth(x, dim)
