# expect: decay-rates wrong_value
"""Arguments that only the penalty needs are not checked where decay is decoupled."""

rates_checked = decay_rates


def decay_rates(grads, weight_decay, beta2=0.999, eps=1e-8, decoupled=True):
    if decoupled and grads.ndim:
        return torch.full(grads.shape[1:], weight_decay, dtype=grads.dtype)
    return rates_checked(grads, weight_decay, beta2, eps, decoupled)
