# expect: dropout-layer wrong_value
"""The classic layer is left unscaled at evaluation, where it sees larger inputs than it ever did."""


class Dropout(nn.Module):
    def __init__(self, p: float = 0.5, inverted: bool = True, generator: Generator | None = None) -> None:
        super().__init__()
        _require_rate(p)
        self.p = p
        self.inverted = inverted
        self.generator = generator

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x
        kept = x * _kept(x.shape, self.p, x, self.generator)
        return kept * _scale(self.p) if self.inverted else kept
