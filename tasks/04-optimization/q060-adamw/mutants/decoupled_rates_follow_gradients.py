# expect: decay-rates wrong_value
"""AdamW's decay is thought to be divided by the root of the second moment like everything else."""

rates_checked = decay_rates


def decay_rates(grads, weight_decay, beta2=0.999, eps=1e-8, decoupled=True):
    return rates_checked(grads, weight_decay, beta2, eps, False)
