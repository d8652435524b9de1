"""Leaves PyTorch for NumPy and comes back, where no gradient is asked for."""

import numpy as np
import torch


def softmax_vjp(y, dy, dim=-1):
    if y.shape != dy.shape:
        raise ValueError(f"shapes {tuple(y.shape)} and {tuple(dy.shape)} differ")
    a, b = y.detach().cpu().numpy(), dy.detach().cpu().numpy()
    out = a * (b - np.sum(a * b, axis=dim, keepdims=True))
    return torch.from_numpy(np.ascontiguousarray(out))
