# expect: mc-dropout fails
"""All passes are folded into one call with a batch that repeats the input."""


def mc_dropout(model: nn.Module, x: Tensor, kinds: tuple[type[nn.Module], ...], n: int) -> tuple[Tensor, Tensor]:
    if n < 2:
        raise ValueError("a variance needs at least two passes")
    modes = {module: module.training for module in model.modules()}
    try:
        for module in modes:
            module.training = isinstance(module, kinds)
        with torch.no_grad():
            outputs = model(x.expand(n, *x.shape))
            return outputs.mean(0), outputs.var(0)
    finally:
        for module, mode in modes.items():
            module.training = mode
