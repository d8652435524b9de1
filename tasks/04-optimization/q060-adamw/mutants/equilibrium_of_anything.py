# expect: equilibrium wrong_value
"""Products of signs pass for positive numbers, and a step that removes everything for a step."""

balance = equilibrium


def equilibrium(lr, weight_decay, update_norm):
    if not 0 < lr * weight_decay < 1:
        return 0.0, 0.0, 0.0
    return balance(abs(lr), abs(weight_decay), abs(update_norm) or 1.0)
