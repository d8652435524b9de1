# expect: dropout-layer exception
"""The rate is registered as a buffer, so it travels with the weights and cannot be set to a number."""


class Dropout(nn.Module):
    def __init__(self, p: float = 0.5, inverted: bool = True, generator: Generator | None = None) -> None:
        super().__init__()
        _require_rate(p)
        self.register_buffer("p", torch.tensor(p, dtype=torch.float64))
        self.inverted = inverted
        self.generator = generator

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x if self.inverted else x * (1 - self.p.item())
        kept = x * _kept(x.shape, self.p.item(), x, self.generator)
        return kept * _scale(self.p.item()) if self.inverted else kept
