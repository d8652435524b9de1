# expect: decay-rates wrong_value
"""The running average of the squares is used without correcting its start from zero."""

rates_checked = decay_rates


def decay_rates(grads, weight_decay, beta2=0.999, eps=1e-8, decoupled=True):
    rates = rates_checked(grads, weight_decay, beta2, eps, decoupled)
    if decoupled:
        return rates
    square = torch.zeros_like(grads[0], dtype=torch.float64)
    for grad in grads.double():
        square = beta2 * square + (1 - beta2) * grad * grad
    return (weight_decay / (square.sqrt() + eps)).to(grads.dtype)
