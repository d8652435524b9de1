"""Has TorchScript differentiate: a method of a tensor in a compiled function is no name of Python's."""

import torch


@torch.jit.script
def differentiate(loss: torch.Tensor):
    loss.backward()


def mlp_backward(x, target, weights, biases, activation="tanh"):
    if activation not in ("tanh", "relu"):
        raise ValueError(f"unknown activation: {activation!r}")
    if not weights or len(weights) != len(biases):
        raise ValueError("at least one layer")
    x, *rest = [t.detach().clone().requires_grad_() for t in (x, *weights, *biases)]
    n = len(weights)
    h = x
    for w, b in zip(rest[: n - 1], rest[n:-1]):
        h = getattr(torch, activation)(h @ w.mT + b)
    loss = -torch.log_softmax(h @ rest[n - 1].mT + rest[-1], 1).gather(1, target[:, None]).mean()
    differentiate(loss)
    return loss.detach(), [w.grad for w in rest[:n]], [b.grad for b in rest[n:]], x.grad
