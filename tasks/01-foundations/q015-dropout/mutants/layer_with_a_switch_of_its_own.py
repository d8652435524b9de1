# expect: dropout-layer wrong_value
"""The layer has a switch of its own, which the eval of a model around it never turns."""


class Dropout(nn.Module):
    def __init__(self, p: float = 0.5, inverted: bool = True, generator: Generator | None = None) -> None:
        super().__init__()
        _require_rate(p)
        self.p = p
        self.inverted = inverted
        self.generator = generator
        self.active = True

    def eval(self):
        self.active = False
        return super().eval()

    def forward(self, x: Tensor) -> Tensor:
        if not self.active:
            return x if self.inverted else x * (1 - self.p)
        kept = x * _kept(x.shape, self.p, x, self.generator)
        return kept * _scale(self.p) if self.inverted else kept
