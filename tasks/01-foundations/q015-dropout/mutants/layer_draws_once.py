# expect: dropout-layer wrong_value
"""The mask is drawn at the first call and kept as long as the shape is the same."""


class Dropout(nn.Module):
    def __init__(self, p: float = 0.5, inverted: bool = True, generator: Generator | None = None) -> None:
        super().__init__()
        _require_rate(p)
        self.p = p
        self.inverted = inverted
        self.generator = generator
        self._mask = None

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x if self.inverted else x * (1 - self.p)
        if self._mask is None or self._mask.shape != x.shape:
            self._mask = _kept(x.shape, self.p, x, self.generator)
        kept = x * self._mask
        return kept * _scale(self.p) if self.inverted else kept
