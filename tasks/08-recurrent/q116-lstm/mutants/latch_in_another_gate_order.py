# expect: latch wrong_value
"""The rows are laid out in the order i, f, o, g."""

sound_latch = latch


def latch(size):
    weights = sound_latch(size)
    order = torch.cat([torch.arange(size) + k * size for k in (0, 1, 3, 2)])
    return {name: value[order] for name, value in weights.items()}
