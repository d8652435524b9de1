# expect: softmax wrong_value
"""Half precision is trusted with the differences and the exponentials, not only with the result."""


def softmax(x: Tensor, dim: int = -1) -> Tensor:
    return _normalised(_shifted(x, dim).exp(), dim)
