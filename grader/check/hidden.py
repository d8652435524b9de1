"""The hidden tests of a task as written: which functions there are, where, and in which class."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from grader.source import parse_python
from grader.task import Task
from grader.textfile import read_text

FILE: Final = "test_hidden.py"


@dataclass(frozen=True)
class HiddenTest:
    """One test function; the cases of a parametrised one count together. `of` is its class, "" outside of any."""

    of: str
    name: str
    line: int
    says: str

    @property
    def where(self) -> str:
        """Its file and line."""
        return f"{FILE}:{self.line}"

    def __str__(self) -> str:
        return f"{self.of}.{self.name}" if self.of else self.name


def classes_of(task: Task) -> dict[str, int]:
    """The line of every test class, by name.

    Raises:
        TaskError: the hidden tests are missing or not Python.
    """
    return {node.name: node.lineno for node in _module(task).body if isinstance(node, ast.ClassDef) and _is_class(node)}


def tests_of(task: Task) -> list[HiddenTest]:
    """Every test function. Raises as `classes_of` does."""
    return list(_tests(_module(task)))


def function_of(check: str) -> str:
    """The function behind a check: `test_x[case]` is a case of `test_x`."""
    return check.partition("[")[0]


def _module(task: Task) -> ast.Module:
    return parse_python(task.hidden_tests, read_text(task.hidden_tests))


def _tests(tree: ast.Module) -> Iterator[HiddenTest]:
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and _is_class(node):
            yield from (_test(node.name, method) for method in node.body if _is_test(method))
        elif _is_test(node):
            yield _test("", node)


def _test(of: str, node: ast.stmt) -> HiddenTest:
    assert isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    return HiddenTest(of, node.name, node.lineno, " ".join((ast.get_docstring(node) or "").split()))


def _is_class(node: ast.ClassDef) -> bool:
    return node.name.startswith("Test")


def _is_test(node: ast.stmt) -> bool:
    return isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name.startswith("test")
