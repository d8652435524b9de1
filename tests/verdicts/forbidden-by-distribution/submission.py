"""Reads the probabilities of a distribution made of logits."""

import torch
from torch.distributions.categorical import Categorical


def softmax(x, dim=-1):
    return Categorical(logits=x.movedim(dim, -1)).probs.movedim(-1, dim)
