# expect: first-step wrong_value
"""Shapes are not compared, so a gradient that broadcasts is broadcast."""


def first_step(weight, grad, lr, weight_decay, eps=1e-8):
    w, g = weight.double(), grad.double()
    penalised = g + weight_decay * w
    coupled = w - lr * penalised / (penalised.abs() + eps)
    decoupled = (1 - lr * weight_decay) * w - lr * g / (g.abs() + eps)
    return coupled.to(weight.dtype), decoupled.to(weight.dtype)
