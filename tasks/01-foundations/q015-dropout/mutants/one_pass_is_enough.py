# expect: mc-dropout wrong_value
"""Any number of passes is accepted, also too few for a variance."""


def mc_dropout(model: nn.Module, x: Tensor, kinds: tuple[type[nn.Module], ...], n: int) -> tuple[Tensor, Tensor]:
    modes = {module: module.training for module in model.modules()}
    try:
        for module in modes:
            module.training = isinstance(module, kinds)
        return _moments(model, x, max(n, 2))
    finally:
        for module, mode in modes.items():
            module.training = mode
