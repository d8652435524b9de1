"""Divides the work among small helpers and asserts what it relies on."""

import torch
from torch import Tensor


class Shifted:
    """Logits less their maximum."""

    def __init__(self, x: Tensor, dim: int) -> None:
        self.values = x - x.detach().amax(dim, keepdim=True)
        self.dim = dim

    def __iter__(self):
        yield self.values.exp()
        yield self.values.exp().sum(self.dim, keepdim=True)


def softmax(x: Tensor, dim: int = -1) -> Tensor:
    assert isinstance(x, torch.Tensor) and x.is_floating_point()
    match x.numel(), x.dtype:
        case 0, _:
            return x.clone()
        case _, torch.float16 | torch.bfloat16:
            wide = x.float()
        case _:
            wide = x
    weights, total = Shifted(wide, dim)
    if (answer := weights / total).dtype != x.dtype:
        answer = answer.to(x.dtype)
    return answer
