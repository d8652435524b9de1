# expect: mc-dropout wrong_value
"""A module counts only if its class is named itself, so subclasses stay silent."""


def mc_dropout(model: nn.Module, x: Tensor, kinds: tuple[type[nn.Module], ...], n: int) -> tuple[Tensor, Tensor]:
    if n < 2:
        raise ValueError("a variance needs at least two passes")
    modes = {module: module.training for module in model.modules()}
    try:
        for module in modes:
            module.training = type(module) in kinds
        return _moments(model, x, n)
    finally:
        for module, mode in modes.items():
            module.training = mode
