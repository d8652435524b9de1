# expect: dropout-layer bad_gradient
"""The mask is kept on the layer for the backward pass, and the next call overwrites it."""


class _Masked(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, layer):
        ctx.layer = layer
        return x * layer.mask

    @staticmethod
    def backward(ctx, grad):
        return grad * ctx.layer.mask, None


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
        self.mask = _kept(x.shape, self.p, x, self.generator)
        if self.inverted:
            self.mask *= _scale(self.p)
        return _Masked.apply(x, self)
