# expect: softmax-vjp wrong_value
"""The inner product is taken over the whole tensor, so the slices of a batch leak into each other."""


def softmax_vjp(y: Tensor, dy: Tensor, dim: int = -1) -> Tensor:
    if y.shape != dy.shape:
        raise ValueError("y and dy must have one shape")
    return y * (dy - (y * dy).sum())
