# expect: mc-dropout wrong_value
"""The variance is divided by the number of passes."""


def mc_dropout(model: nn.Module, x: Tensor, kinds: tuple[type[nn.Module], ...], n: int) -> tuple[Tensor, Tensor]:
    if n < 2:
        raise ValueError("a variance needs at least two passes")
    modes = {module: module.training for module in model.modules()}
    try:
        for module in modes:
            module.training = isinstance(module, kinds)
        mean, variance = _moments(model, x, n)
        return mean, variance * (n - 1) / n
    finally:
        for module, mode in modes.items():
            module.training = mode
