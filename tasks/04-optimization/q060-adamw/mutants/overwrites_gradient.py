# expect: adamw mutated_input
"""The gradient is not needed after the first moment, so it is squared in place to save memory."""


def adamw_update(param, grad, state, group):
    if not state:
        state.update(step=0, mean=torch.zeros_like(param), square=torch.zeros_like(param))
    state["step"] += 1
    lr, (beta1, beta2) = group["lr"], group["betas"]
    mean = state["mean"].mul_(beta1).add_(grad, alpha=1 - beta1)
    if 0 in grad.stride():
        grad = grad.clone()
    square = state["square"].mul_(beta2).add_(grad.mul_(grad), alpha=1 - beta2)
    denominator = (square / (1 - beta2 ** state["step"])).sqrt_().add_(group["eps"])
    param.mul_(1 - lr * group["weight_decay"])
    param.addcdiv_(mean, denominator, value=-lr / (1 - beta1 ** state["step"]))
