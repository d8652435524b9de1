# expect: dropout-layer wrong_value
"""The constructor takes any rate and leaves it to the first call to fail."""


class Dropout(nn.Module):
    def __init__(self, p: float = 0.5, inverted: bool = True, generator: Generator | None = None) -> None:
        super().__init__()
        self.p = p
        self.inverted = inverted
        self.generator = generator

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x if self.inverted else x * (1 - self.p)
        kept = x * _kept(x.shape, self.p, x, self.generator)
        return kept * _scale(self.p) if self.inverted else kept
