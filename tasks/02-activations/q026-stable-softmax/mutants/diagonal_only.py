# expect: softmax-vjp wrong_value
"""The derivative of the sigmoid, y (1 - y), is used for each class as if the others did not move."""


def softmax_vjp(y: Tensor, dy: Tensor, dim: int = -1) -> Tensor:
    if y.shape != dy.shape:
        raise ValueError("y and dy must have one shape")
    return y * (1 - y) * dy
