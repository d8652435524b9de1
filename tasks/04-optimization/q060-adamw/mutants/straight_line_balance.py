# expect: equilibrium wrong_value
"""Decay and update are balanced as if they pulled along one line: lr * wd * norm = lr * update."""

balance = equilibrium


def equilibrium(lr, weight_decay, update_norm):
    _, angle, half_life = balance(lr, weight_decay, update_norm)
    return update_norm / weight_decay, angle, half_life
