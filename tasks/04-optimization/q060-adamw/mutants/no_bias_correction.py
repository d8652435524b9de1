# expect: adamw wrong_value
"""Running averages are used as they are: the zeros they start from fade away soon enough."""


def adamw_update(param, grad, state, group):
    if not state:
        state.update(mean=torch.zeros_like(param), square=torch.zeros_like(param))
    beta1, beta2 = group["betas"]
    mean = state["mean"].mul_(beta1).add_(grad, alpha=1 - beta1)
    square = state["square"].mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
    param.mul_(1 - group["lr"] * group["weight_decay"])
    param.addcdiv_(mean, square.sqrt() + group["eps"], value=-group["lr"])
