# expect: latch wrong_value
"""The forget gate stays open during a write, so bits pile up and an old one outweighs the new."""

sound_latch = latch


def latch(size):
    weights = sound_latch(size)
    weights["weight_ih_l0"][size : 2 * size] = 0.0
    return weights
