# expect: equilibrium wrong_value
"""The small-step formulas are taken for exact ones."""

balance = equilibrium


def equilibrium(lr, weight_decay, update_norm):
    balance(lr, weight_decay, update_norm)
    decay = lr * weight_decay
    return update_norm * math.sqrt(lr / (2 * weight_decay)), math.sqrt(2 * decay), math.log(2) / (2 * decay)
