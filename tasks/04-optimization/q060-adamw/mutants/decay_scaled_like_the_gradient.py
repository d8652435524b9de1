# expect: adamw wrong_value
"""The decay stays out of the moments but joins the update before it is divided by the second moment."""


def adamw_update(param, grad, state, group):
    if not state:
        state.update(step=0, mean=torch.zeros_like(param), square=torch.zeros_like(param))
    state["step"] += 1
    lr, (beta1, beta2) = group["lr"], group["betas"]
    mean = state["mean"].mul_(beta1).add_(grad, alpha=1 - beta1)
    square = state["square"].mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
    denominator = (square / (1 - beta2 ** state["step"])).sqrt_().add_(group["eps"])
    update = mean / (1 - beta1 ** state["step"]) + group["weight_decay"] * param
    param.sub_(lr * update / denominator)
