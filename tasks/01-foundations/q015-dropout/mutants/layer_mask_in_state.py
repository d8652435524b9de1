# expect: dropout-layer wrong_value
"""The last mask is a buffer of the layer and ends up in every saved model."""


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
        self.register_buffer("mask", _kept(x.shape, self.p, x, self.generator))
        kept = x * self.mask
        return kept * _scale(self.p) if self.inverted else kept
