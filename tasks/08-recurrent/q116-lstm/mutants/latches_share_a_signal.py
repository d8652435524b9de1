# expect: latch wrong_value
"""Any write signal opens all input gates."""

sound_latch = latch


def latch(size):
    weights = sound_latch(size)
    weights["weight_ih_l0"][:size, size:] = 40.0
    weights["weight_ih_l0"][size : 2 * size, size:] = -40.0
    return weights
