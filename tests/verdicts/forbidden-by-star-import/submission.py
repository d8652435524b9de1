"""Takes the function in with everything else of its module."""

from torch import *

theirs = softmax


def softmax(x, dim=-1):
    return theirs(x, dim)
