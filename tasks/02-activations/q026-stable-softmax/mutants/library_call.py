# expect: softmax forbidden
"""The question is answered by the library function that it asks about."""


def softmax(x: Tensor, dim: int = -1) -> Tensor:
    return torch.softmax(x, dim)
