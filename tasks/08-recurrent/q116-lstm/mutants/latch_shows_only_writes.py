# expect: latch wrong_value
"""The output gate opens with the write, so the bit is hidden afterwards."""

sound_latch = latch


def latch(size):
    weights = sound_latch(size)
    weights["weight_ih_l0"][3 * size :] = weights["weight_ih_l0"][:size]
    weights["bias_ih_l0"][3 * size :] = weights["bias_ih_l0"][:size]
    return weights
