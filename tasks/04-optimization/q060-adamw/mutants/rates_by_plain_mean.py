# expect: decay-rates wrong_value
"""The second moment is taken for the plain mean of the squares, old and new alike."""

rates_checked = decay_rates


def decay_rates(grads, weight_decay, beta2=0.999, eps=1e-8, decoupled=True):
    rates = rates_checked(grads, weight_decay, beta2, eps, decoupled)
    if decoupled:
        return rates
    return (weight_decay / (grads.double().square().mean(0).sqrt() + eps)).to(grads.dtype)
