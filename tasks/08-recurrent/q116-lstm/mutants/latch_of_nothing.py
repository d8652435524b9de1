# expect: latch wrong_value
"""A latch without bits is given empty weights."""

sound_latch = latch


def latch(size):
    if size < 1:
        return {name: value[:0] for name, value in sound_latch(1).items()}
    return sound_latch(size)
