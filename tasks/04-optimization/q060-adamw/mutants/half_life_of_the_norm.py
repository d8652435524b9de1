# expect: equilibrium wrong_value
"""The half-life is that of a weight nobody updates, twice as long as that of the squared norm."""

balance = equilibrium


def equilibrium(lr, weight_decay, update_norm):
    norm, angle, half_life = balance(lr, weight_decay, update_norm)
    return norm, angle, 2 * half_life
