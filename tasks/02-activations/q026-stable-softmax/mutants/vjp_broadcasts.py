# expect: softmax-vjp wrong_value
"""A gradient of another shape is broadcast in silence instead of being refused."""


def softmax_vjp(y: Tensor, dy: Tensor, dim: int = -1) -> Tensor:
    return y * (dy - (y * dy).sum(dim, keepdim=True))
