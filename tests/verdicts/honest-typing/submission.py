"""Types everything with generics, protocols, overloads and named tuples."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Generic, NamedTuple, Protocol, TypeVar, cast, overload

import torch
from torch import Tensor

if TYPE_CHECKING:
    from torch.types import Number

T = TypeVar("T", bound=Tensor)
HALF: Final = frozenset({torch.float16, torch.bfloat16})


class Reduction(Protocol):
    def __call__(self, x: Tensor, dim: int) -> Tensor: ...


class Pair(NamedTuple):
    weights: Tensor
    total: Tensor


class Box(Generic[T]):
    def __init__(self, value: T) -> None:
        self.value: T = value

    def map(self, function: Callable[[T], T]) -> Box[T]:
        return Box(function(self.value))


@overload
def softmax(x: Tensor) -> Tensor: ...
@overload
def softmax(x: Tensor, dim: int) -> Tensor: ...
def softmax(x: Tensor, dim: int = -1) -> Tensor:
    if not x.numel():
        return x.clone()
    box = Box(x).map(lambda t: t.float() if t.dtype in HALF else t)
    box = box.map(lambda t: t - t.detach().amax(dim, keepdim=True)).map(torch.exp)
    pair = Pair(box.value, box.value.sum(dim, keepdim=True))
    return cast(Any, pair.weights / pair.total).to(x.dtype)
