"""What public tests may use of pytest: whatever its stand-in in a lane knows (`grader.public_pytest`)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

PYTEST: Final = "pytest"
PARAMETRIZE: Final = "pytest.mark.parametrize"
#: What the stand-in knows: how many plain arguments each takes, and which by name.
KNOWN: Final[dict[str, tuple[int, frozenset[str]]]] = {
    "pytest.raises": (1, frozenset({"match"})),
    "pytest.approx": (1, frozenset({"rel", "abs", "nan_ok"})),
    PARAMETRIZE: (2, frozenset()),
    "pytest.importorskip": (1, frozenset()),
    "pytest.skip": (1, frozenset()),
}


class Unknown(Exception):
    """Something the stand-in for pytest cannot do; the message says what to write instead."""

    def __init__(self, node: ast.AST, message: str) -> None:
        super().__init__(message)
        self.line: int = getattr(node, "lineno", 1)


def is_test(node: ast.AST) -> bool:
    """Whether pytest would run this, if it stands where it should."""
    return isinstance(node, ast.FunctionDef) and node.name.startswith("test")


def require_known(tree: ast.Module) -> None:
    """Every mention of pytest is a call that the stand-in can answer.

    Raises:
        Unknown: one is not.
    """
    calls = {id(node.func): node for node in ast.walk(tree) if isinstance(node, ast.Call)}
    parametrizing = {id(inner) for node in ast.walk(tree) if is_test(node) for inner in node.decorator_list}  # type: ignore[attr-defined]  # a function
    for node, name in _mentions(tree):
        call = calls.get(id(node))
        if name not in KNOWN or call is None:
            raise Unknown(node, f"{name} cannot be used in public tests: only {', '.join(KNOWN)}, and called")
        count, keywords = KNOWN[name]
        plain = not any(isinstance(argument, ast.Starred) for argument in call.args)
        if len(call.args) != count or not plain or not keywords.issuperset(word.arg or "**" for word in call.keywords):
            named = f", and by name {', '.join(sorted(keywords))}" if keywords else ""
            raise Unknown(node, f"{name} is called in a way that public tests cannot: pass {count} arguments{named}")
        if name == PARAMETRIZE and id(call) not in parametrizing:
            raise Unknown(node, f"{name} decorates no test: write it right above one")


def _mentions(tree: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    """Wherever pytest is named: the whole of each dotted name that starts with it, and any import but the plain one."""
    inner = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == PYTEST:
            raise Unknown(node, "names are taken from pytest: write `import pytest`")
        if isinstance(node, ast.Import):
            _require_plain_import(node)
        elif isinstance(node, (ast.Name, ast.Attribute)) and id(node) not in inner:
            name = ast.unparse(node)
            if name.partition(".")[0] == PYTEST:
                yield node, name


def _require_plain_import(node: ast.Import) -> None:
    for alias in node.names:
        if alias.name.partition(".")[0] == PYTEST and (alias.name != PYTEST or alias.asname):
            raise Unknown(node, "pytest is imported in part or by another name: write `import pytest`")
