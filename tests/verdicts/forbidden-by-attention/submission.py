"""Lets attention compute it: identity values give the weights themselves."""

import torch
import torch.nn.functional as F


def softmax(x, dim=-1):
    rows = x.movedim(dim, -1).reshape(-1, 1, x.shape[dim])
    n = x.shape[dim]
    eye = torch.eye(n, dtype=x.dtype).expand(len(rows), n, n)
    out = F.scaled_dot_product_attention(rows, eye, eye, scale=1.0)
    return out.reshape(x.movedim(dim, -1).shape).movedim(-1, dim)
