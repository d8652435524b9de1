# expect: dropout-layer wrong_value
"""The layer drops elements in every mode, because nothing tells it to stop."""


class Dropout(nn.Module):
    def __init__(self, p: float = 0.5, inverted: bool = True, generator: Generator | None = None) -> None:
        super().__init__()
        _require_rate(p)
        self.p = p
        self.inverted = inverted
        self.generator = generator

    def forward(self, x: Tensor) -> Tensor:
        kept = x * _kept(x.shape, self.p, x, self.generator)
        return kept * _scale(self.p) if self.inverted else kept
