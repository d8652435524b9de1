# expect: latch wrong_value
"""The gates are left so soft that the bit leaks away before a thousand steps are over."""

sound_latch = latch


def latch(size):
    weights = sound_latch(size)
    return {name: value / 5 for name, value in weights.items()}
