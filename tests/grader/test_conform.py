"""Tests of values against annotations."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from grader.conform import conforms

X = torch.zeros(2)


@pytest.mark.parametrize(
    ("value", "annotation"),
    [
        (X, "Tensor"), (X, "torch.Tensor"), (1, "int"), (1, "float"), (1.5, "float"), (None, "None"), (True, "bool"),
        ([X, X], "list[Tensor]"), ((X, 1), "tuple[Tensor, int]"), ((1, 2, 3), "tuple[int, ...]"),
        ((), "tuple[int, ...]"), ({"a": X}, "dict[str, Tensor]"), (None, "Tensor | None"),
        (X, "'Tensor'"), (object(), "State"), (1, None),
    ],
)  # fmt: skip
def test_a_value_of_the_declared_type_conforms(value: Any, annotation: str | None) -> None:
    """Unknown names and missing annotations accept everything."""
    assert conforms(value, annotation)


@pytest.mark.parametrize(
    ("value", "annotation"),
    [
        (1.5, "Tensor"), (True, "int"), (1.5, "int"), (X, "float"), ((X,), "list[Tensor]"), ([X, 1], "list[Tensor]"),
        ((X,), "tuple[Tensor, int]"), ((X, X), "tuple[Tensor, int]"), ({"a": 1}, "dict[str, Tensor]"),
        (1, "Tensor | None"), (None, "Tensor"), ((1, "a"), "tuple[int, ...]"),
    ],
)  # fmt: skip
def test_a_value_of_another_type_does_not(value: Any, annotation: str) -> None:
    """Containers are looked into; a bool is no int."""
    assert not conforms(value, annotation)
