# expect: separability wrong_value
"""The perceptron is run for a while, and whatever it has not learned by then is called inseparable."""


def separability(x: Tensor, y: Tensor) -> tuple[bool, Tensor]:
    _check(x, y)
    if len(x) == 0:
        raise ValueError("there must be at least one point")
    w, b, mistakes = perceptron_fit(x, y, 12)
    if mistakes[-1] == 0:
        return True, torch.cat([w, b.reshape(1)])
    return False, torch.full((len(x),), 1 / len(x), dtype=torch.float64)
