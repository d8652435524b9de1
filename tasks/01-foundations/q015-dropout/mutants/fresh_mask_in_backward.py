# expect: dropout bad_gradient
"""The backward pass draws a mask of its own instead of using that of the forward pass."""


class _Redrawn(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, p, generator):
        ctx.p, ctx.generator = p, generator
        return x * _kept(x.shape, p, x, generator) * _scale(p)

    @staticmethod
    def backward(ctx, grad):
        return grad * _kept(grad.shape, ctx.p, grad, ctx.generator) * _scale(ctx.p), None, None


def dropout(x: Tensor, p: float = 0.5, training: bool = True, generator: Generator | None = None) -> Tensor:
    _require_rate(p)
    if not training:
        return x
    return _Redrawn.apply(x, p, generator)
