# coding: no-such-coding
"""Declares a coding that does not exist, so that a parser of bytes gives up on what still runs as text."""

import torch


def softmax(x, dim=-1):
    return torch.softmax(x, dim)
