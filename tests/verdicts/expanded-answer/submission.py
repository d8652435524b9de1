"""Returns one number expanded to a trillion."""

import torch


def softmax(x, dim=-1):
    return torch.zeros(1).expand(1 << 20, 1 << 20)
