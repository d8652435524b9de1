# expect: mc-dropout wrong_value
"""The variance is the mean of squares less the square of the mean, which cancels."""


def mc_dropout(model: nn.Module, x: Tensor, kinds: tuple[type[nn.Module], ...], n: int) -> tuple[Tensor, Tensor]:
    if n < 2:
        raise ValueError("a variance needs at least two passes")
    modes = {module: module.training for module in model.modules()}
    try:
        for module in modes:
            module.training = isinstance(module, kinds)
        with torch.no_grad():
            total = square = 0.0
            for _ in range(n):
                y = model(x)
                total, square = total + y, square + y * y
            return total / n, (square - total * total / n) / (n - 1)
    finally:
        for module, mode in modes.items():
            module.training = mode
