# expect: dropout-layer wrong_value
"""The classic layer is scaled at evaluation and in training as well."""


class Dropout(nn.Module):
    def __init__(self, p: float = 0.5, inverted: bool = True, generator: Generator | None = None) -> None:
        super().__init__()
        _require_rate(p)
        self.p = p
        self.inverted = inverted
        self.generator = generator

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x if self.inverted else x * (1 - self.p)
        return x * _kept(x.shape, self.p, x, self.generator) * _scale(self.p)
