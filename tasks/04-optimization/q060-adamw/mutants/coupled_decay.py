# expect: adamw wrong_value
"""Weight decay is the gradient of an L2 penalty, so it is added to the gradient."""


def adamw_update(param, grad, state, group):
    if not state:
        state.update(step=0, mean=torch.zeros_like(param), square=torch.zeros_like(param))
    state["step"] += 1
    lr, (beta1, beta2) = group["lr"], group["betas"]
    grad = grad + group["weight_decay"] * param
    mean = state["mean"].mul_(beta1).add_(grad, alpha=1 - beta1)
    square = state["square"].mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
    denominator = (square / (1 - beta2 ** state["step"])).sqrt_().add_(group["eps"])
    param.addcdiv_(mean, denominator, value=-lr / (1 - beta1 ** state["step"]))
