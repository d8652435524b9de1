# expect: dropout-layer wrong_value
"""The scale is computed when the layer is made and stays the same when the rate is changed."""


class Dropout(nn.Module):
    def __init__(self, p: float = 0.5, inverted: bool = True, generator: Generator | None = None) -> None:
        super().__init__()
        _require_rate(p)
        self.p = p
        self.inverted = inverted
        self.generator = generator
        self._scale = _scale(p)

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x if self.inverted else x * (1 - self.p)
        kept = x * _kept(x.shape, self.p, x, self.generator)
        return kept * self._scale if self.inverted else kept
