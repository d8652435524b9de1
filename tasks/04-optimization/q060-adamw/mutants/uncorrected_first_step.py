# expect: first-step wrong_value
"""Without bias correction the usual betas make the first step three times as long."""


def first_step(weight, grad, lr, weight_decay, eps=1e-8):
    if weight.shape != grad.shape:
        raise ValueError("weight and grad must have the same shape")
    w, g = weight.double(), grad.double()
    h = g + weight_decay * w
    coupled = w - lr * 0.1 * h / (math.sqrt(0.001) * h.abs() + eps)
    decoupled = (1 - lr * weight_decay) * w - lr * 0.1 * g / (math.sqrt(0.001) * g.abs() + eps)
    return coupled.to(weight.dtype), decoupled.to(weight.dtype)
