"""Uses the layer in place of the function."""

from torch import nn

layer = nn.Softmax(dim=-1)


def softmax(x, dim=-1):
    return nn.Softmax(dim)(x)
