# expect: mc-dropout fails
"""Nothing switches gradients off, so every pass leaves its graph behind."""


def mc_dropout(model: nn.Module, x: Tensor, kinds: tuple[type[nn.Module], ...], n: int) -> tuple[Tensor, Tensor]:
    if n < 2:
        raise ValueError("a variance needs at least two passes")
    modes = {module: module.training for module in model.modules()}
    try:
        for module in modes:
            module.training = isinstance(module, kinds)
        outputs = torch.stack([model(x) for _ in range(n)])
        return outputs.mean(0), outputs.var(0)
    finally:
        for module, mode in modes.items():
            module.training = mode
