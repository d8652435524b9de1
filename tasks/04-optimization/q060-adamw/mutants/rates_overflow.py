# expect: decay-rates wrong_value
"""Squares are taken in the dtype of the gradients, where they overflow or vanish."""

rates_checked = decay_rates


def decay_rates(grads, weight_decay, beta2=0.999, eps=1e-8, decoupled=True):
    rates = rates_checked(grads, weight_decay, beta2, eps, decoupled)
    if decoupled:
        return rates
    square = torch.zeros_like(grads[0])
    for grad in grads:
        square.mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
    return weight_decay / ((square / (1 - beta2 ** len(grads))).sqrt() + eps)
