"""Trivial answers: what `task check` makes of the reference's results, because every part has to refuse them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Final

import torch
from torch import Tensor

NAMES: Final = ("zeros", "ones", "nan", "input", "previous", "bfloat16")
#: Under this name a check's measurements say how many values of the answers really became others.
CHANGED: Final = "tampered"


class Tamper:
    """Replaces the tensors and numbers in an answer by a trivial one of the same shape and type.

    Attributes:
        changed: how many of them are now others than they were.
    """

    def __init__(self, name: str) -> None:
        self._tensor: Callable[[Tensor, Sequence[Any]], Tensor] = getattr(self, f"_{name}")
        self._name = name
        self._seen: dict[tuple[Any, ...], Tensor] = {}
        self._numbers: dict[type, float] = {}
        self.changed = 0

    def __call__(self, value: Any, args: Sequence[Any]) -> Any:
        """The trivial answer in place of `value`, which answered `args`."""
        if isinstance(value, (Tensor, int, float)):
            made = self._tensor(value, args) if isinstance(value, Tensor) else self._number(value)
            self.changed += not _same(made, value)
            return made
        if isinstance(value, dict):
            return {key: self(item, args) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return type(value)(self(item, args) for item in value)
        return value

    def _zeros(self, value: Tensor, args: Sequence[Any]) -> Tensor:
        return torch.zeros_like(value)

    def _ones(self, value: Tensor, args: Sequence[Any]) -> Tensor:
        return torch.ones_like(value)

    def _nan(self, value: Tensor, args: Sequence[Any]) -> Tensor:
        return torch.full_like(value, math.nan) if value.is_floating_point() else torch.zeros_like(value)

    def _input(self, value: Tensor, args: Sequence[Any]) -> Tensor:
        tensors = [a for a in args if isinstance(a, Tensor)]
        same = [t for t in tensors if t.shape == value.shape]
        return same[0].to(value.dtype) if same else torch.zeros_like(value)

    def _previous(self, value: Tensor, args: Sequence[Any]) -> Tensor:
        key = (value.dtype, *value.shape)
        before = self._seen.get(key, torch.zeros_like(value))
        self._seen[key] = value.clone()
        return before

    def _bfloat16(self, value: Tensor, args: Sequence[Any]) -> Tensor:
        return value.bfloat16().to(value.dtype) if value.is_floating_point() else value

    def _number(self, value: float) -> float:
        """The trivial answer in place of a float, an int or a bool."""
        fixed = {"zeros": 0.0, "ones": 1.0, "nan": math.nan if isinstance(value, float) else 0, "input": 0.0}
        if self._name in fixed:
            return type(value)(fixed[self._name])
        if self._name == "bfloat16":
            return float(torch.tensor(value).bfloat16()) if isinstance(value, float) else value
        before, self._numbers[type(value)] = self._numbers.get(type(value), 0), value
        return type(value)(before)


def _same(one: Tensor | float, other: Tensor | float) -> bool:
    """Whether two values of one shape and type are equal everywhere, a NaN being equal to a NaN."""
    if isinstance(one, Tensor) and isinstance(other, Tensor):
        return bool(((one == other) | (one.isnan() & other.isnan())).all())
    return bool(one == other) or (math.isnan(one) and math.isnan(other))
