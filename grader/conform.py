"""Whether a value has the type a signature declares, so that hidden tests meet no surprises."""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import cache
from typing import Any, Final

import numpy
import torch

Predicate = Callable[[Any], bool]

_PLAIN: Final[dict[str, Predicate]] = {
    "Tensor": lambda v: isinstance(v, torch.Tensor),
    "ndarray": lambda v: isinstance(v, numpy.ndarray),
    "int": lambda v: isinstance(v, int) and not isinstance(v, bool),
    "float": lambda v: isinstance(v, (int, float)) and not isinstance(v, bool),
    "complex": lambda v: isinstance(v, (int, float, complex)),
    "bool": lambda v: isinstance(v, bool),
    "str": lambda v: isinstance(v, str),
    "bytes": lambda v: isinstance(v, bytes),
    "list": lambda v: isinstance(v, list),
    "tuple": lambda v: isinstance(v, tuple),
    "dict": lambda v: isinstance(v, dict),
    "None": lambda v: v is None,
}


def conforms(value: Any, annotation: str | None) -> bool:
    """Whether `value` is of the type that `annotation`, as written in a signature, names; unknown names accept all."""
    return annotation is None or _predicate(annotation)(value)


@cache
def _predicate(annotation: str) -> Predicate:
    return _build(ast.parse(annotation.strip("'\""), mode="eval").body)


def _build(node: ast.expr) -> Predicate:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        left, right = _build(node.left), _build(node.right)
        return lambda v: left(v) or right(v)
    if isinstance(node, ast.Subscript):
        return _container(_name(node.value), node.slice)
    return _PLAIN.get(_name(node), lambda v: True)


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _container(kind: str, inner: ast.expr) -> Predicate:
    items = [_build(e) for e in inner.elts if not _is_ellipsis(e)] if isinstance(inner, ast.Tuple) else [_build(inner)]
    if kind == "list":
        return lambda v: isinstance(v, list) and all(map(items[0], v))
    if kind == "dict":
        return lambda v: isinstance(v, dict) and all(items[0](k) and items[-1](x) for k, x in v.items())
    if kind == "tuple" and isinstance(inner, ast.Tuple) and _is_ellipsis(inner.elts[-1]):
        return lambda v: isinstance(v, tuple) and all(map(items[0], v))
    if kind == "tuple":
        return lambda v: (
            isinstance(v, tuple) and len(v) == len(items) and all(p(x) for p, x in zip(items, v, strict=True))
        )
    return lambda v: True


def _is_ellipsis(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is Ellipsis
