# expect: mc-dropout wrong_value
"""The mode of the model is noted and given back to all its modules at once."""


def mc_dropout(model: nn.Module, x: Tensor, kinds: tuple[type[nn.Module], ...], n: int) -> tuple[Tensor, Tensor]:
    if n < 2:
        raise ValueError("a variance needs at least two passes")
    mode = model.training
    for module in model.modules():
        module.training = isinstance(module, kinds)
    try:
        return _moments(model, x, n)
    finally:
        model.train(mode)
