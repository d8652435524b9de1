"""Differentiates the cross-entropy layer of the library, which gives probabilities less one."""

import torch
from torch.nn.modules.loss import CrossEntropyLoss

loss = CrossEntropyLoss(reduction="sum")


def softmax(x, dim=-1):
    leaf = x.detach().requires_grad_()
    target = torch.zeros(x.shape[0], dtype=torch.int64)
    (gradient,) = torch.autograd.grad(loss(leaf, target), leaf)
    gradient[:, 0] += 1
    return gradient
