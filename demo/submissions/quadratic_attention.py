"""Right in every value, but it forms the table of all pairs: the cost grows with the square of the length."""

import torch


def linear_attention(q, k, v, keep=None):
    if not q.shape[:-2] == k.shape[:-2] == v.shape[:-2] or q.shape[-1] != k.shape[-1] or k.shape[-2] != v.shape[-2]:
        raise ValueError("the shapes do not belong together")
    if keep is not None:
        k = k.masked_fill(~keep.unsqueeze(-1), 0)
        v = v.masked_fill(~keep.unsqueeze(-1), 0)
    pairs = q @ k.transpose(-1, -2)
    mass = pairs.sum(-1, keepdim=True)
    empty = mass == 0
    return ((pairs / mass.masked_fill(empty, 1)) @ v).masked_fill(empty, 0)
