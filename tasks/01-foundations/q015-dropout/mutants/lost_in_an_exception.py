# expect: mc-dropout wrong_value
"""The modes are restored after the passes, which a model that raises never gets to."""


def mc_dropout(model: nn.Module, x: Tensor, kinds: tuple[type[nn.Module], ...], n: int) -> tuple[Tensor, Tensor]:
    if n < 2:
        raise ValueError("a variance needs at least two passes")
    modes = {module: module.training for module in model.modules()}
    for module in modes:
        module.training = isinstance(module, kinds)
    result = _moments(model, x, n)
    for module, mode in modes.items():
        module.training = mode
    return result
