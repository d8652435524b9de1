# expect: softmax-vjp wrong_value
"""The distribution is taken to lie along the last dimension, whatever dim says."""


def softmax_vjp(y: Tensor, dy: Tensor, dim: int = -1) -> Tensor:
    if y.shape != dy.shape:
        raise ValueError("y and dy must have one shape")
    return y * (dy - (y * dy).sum(-1, keepdim=True))
