"""What can be read from a Python file of a task without running it."""

from __future__ import annotations

import ast
from pathlib import Path

from grader.textfile import TaskError


def parse_python(path: Path, source: str) -> ast.Module:
    """The syntax tree of one file of a task.

    Raises:
        TaskError: the file is not Python.
    """
    try:
        return ast.parse(source)
    except SyntaxError as error:
        raise TaskError(path, f"not Python: {error.msg}", error.lineno) from error
    except ValueError as error:  # a null byte
        raise TaskError(path, f"not Python: {error}") from error


def entry_returns(starter_source: str) -> dict[str, str | None]:
    """The return annotation of each top-level function of a starter, as text; None where there is none.

    Raises:
        TaskError: the starter is not Python.
    """
    tree = parse_python(Path("starter.py"), starter_source)
    functions = [node for node in tree.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    return {node.name: _annotation(node.returns) for node in functions}


def _annotation(node: ast.expr | None) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return None if node is None else ast.unparse(node)
