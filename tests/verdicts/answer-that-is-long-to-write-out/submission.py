"""Returns lists of lists of forty thousand tensors, for which a message with the whole of it takes minutes."""

import torch

TENSORS = [torch.randn(700) for _ in range(6)]


def nest(depth):
    return [nest(depth - 1) for _ in range(6)] if depth else TENSORS


def softmax(x, dim=-1):
    return nest(5) if x.shape == (7, 11) else x * 0
