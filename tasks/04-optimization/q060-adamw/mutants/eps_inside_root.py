# expect: adamw wrong_value
"""The guard against division by zero is put under the square root."""


def adamw_update(param, grad, state, group):
    if not state:
        state.update(step=0, mean=torch.zeros_like(param), square=torch.zeros_like(param))
    state["step"] += 1
    lr, (beta1, beta2) = group["lr"], group["betas"]
    mean = state["mean"].mul_(beta1).add_(grad, alpha=1 - beta1)
    square = state["square"].mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
    denominator = (square / (1 - beta2 ** state["step"]) + group["eps"]).sqrt_()
    param.mul_(1 - lr * group["weight_decay"])
    param.addcdiv_(mean, denominator, value=-lr / (1 - beta1 ** state["step"]))
