# expect: adamw wrong_value
"""Both corrections are folded into the learning rate, which leaves eps beside the uncorrected root."""


def adamw_update(param, grad, state, group):
    if not state:
        state.update(step=0, mean=torch.zeros_like(param), square=torch.zeros_like(param))
    state["step"] += 1
    lr, (beta1, beta2) = group["lr"], group["betas"]
    mean = state["mean"].mul_(beta1).add_(grad, alpha=1 - beta1)
    square = state["square"].mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
    size = lr * (1 - beta2 ** state["step"]) ** 0.5 / (1 - beta1 ** state["step"])
    param.mul_(1 - lr * group["weight_decay"])
    param.addcdiv_(mean, square.sqrt() + group["eps"], value=-size)
