# expect: mc-dropout wrong_value
"""After the passes the model is put into evaluation mode, whatever it was in."""


def mc_dropout(model: nn.Module, x: Tensor, kinds: tuple[type[nn.Module], ...], n: int) -> tuple[Tensor, Tensor]:
    if n < 2:
        raise ValueError("a variance needs at least two passes")
    model.eval()
    for module in model.modules():
        module.training = isinstance(module, kinds)
    try:
        return _moments(model, x, n)
    finally:
        model.eval()
