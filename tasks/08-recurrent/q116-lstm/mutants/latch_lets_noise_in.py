# expect: latch wrong_value
"""The input gate is nearly shut without a write, and a thousand steps of noise add up."""

sound_latch = latch


def latch(size):
    weights = sound_latch(size)
    weights["bias_ih_l0"][:size] = -6.0
    weights["weight_ih_l0"][:size] /= 4
    return weights
