# expect: first-step wrong_value
"""Both optimizers get the penalty in their gradient; AdamW is thought to differ in later steps only."""


def first_step(weight, grad, lr, weight_decay, eps=1e-8):
    if weight.shape != grad.shape:
        raise ValueError("weight and grad must have the same shape")
    w, g = weight.double(), grad.double()
    g = g + weight_decay * w
    step = (w - lr * g / (g.abs() + eps)).to(weight.dtype)
    return step, step.clone()
