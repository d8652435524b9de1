# expect: first-step not_finite
"""Everything is computed in the dtype of the weights, where the eps of a float16 step is zero."""


def first_step(weight, grad, lr, weight_decay, eps=1e-8):
    if weight.shape != grad.shape:
        raise ValueError("weight and grad must have the same shape")
    penalised = grad + weight_decay * weight
    coupled = weight - lr * penalised / (penalised.abs() + eps)
    return coupled, (1 - lr * weight_decay) * weight - lr * grad / (grad.abs() + eps)
