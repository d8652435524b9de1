# expect: first-step wrong_value
"""The second moment is spelled out as a square and a root, which overflows and vanishes long before the gradient."""


def first_step(weight, grad, lr, weight_decay, eps=1e-8):
    if weight.shape != grad.shape:
        raise ValueError("weight and grad must have the same shape")
    w, g = weight.double(), grad.double()
    h = g + weight_decay * w
    coupled = w - lr * h / ((h * h).sqrt() + eps)
    decoupled = (1 - lr * weight_decay) * w - lr * g / ((g * g).sqrt() + eps)
    return coupled.to(weight.dtype), decoupled.to(weight.dtype)
