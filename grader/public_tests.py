"""The public tests of a task as written: which there are, with their cases, and that a lane can run them.

They are read here, on the trusted side, so that their names and number never hang on what a lane says. In a lane a
small stand-in takes pytest's place (`grader.public_pytest`); whatever it does not know is refused here, with its line.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from grader.public_known import PARAMETRIZE, Unknown, is_test, require_known
from grader.source import parse_python
from grader.textfile import TaskError

#: What pytest calls before and after tests, and the stand-in does not.
HOOKS: Final = ("setup", "teardown")

_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class PublicTest:
    """One test, or one case of a parametrised one.

    Attributes:
        of: its class, "" outside of any.
        says: its docstring in one line.
        case: which case it is, and `label` what pytest calls it; 0 and "" where there are none.
    """

    of: str
    function: str
    line: int
    says: str = ""
    case: int = 0
    label: str = ""

    @property
    def name(self) -> str:
        """What reports call it."""
        function = f"{self.function}[{self.label}]" if self.label else self.function
        return f"{self.of}.{function}" if self.of else function


def read_public_tests(path: Path, source: str) -> tuple[PublicTest, ...]:
    """Every public test, in the order they are written.

    Raises:
        TaskError: the source is not Python, or has something that cannot be run in a lane.
    """
    tree = parse_python(path, source)
    try:
        require_known(tree)
        found = list(_tests(tree))
        _require_found(tree, {node for _, node in found})
        _require_once(found)
        return tuple(case for of, node in found for case in _cases(of, node))
    except Unknown as unknown:
        raise TaskError(path, str(unknown), unknown.line) from None


def _tests(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef]]:
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            _require_plain(node)
            yield from ((node.name, method) for method in node.body if is_test(method))  # type: ignore[misc]  # it is
        elif is_test(node):
            yield "", node  # type: ignore[misc]  # `is_test` says that it is a function


def _require_plain(node: ast.ClassDef) -> None:
    """A class of tests that takes more than making an instance for each of them."""
    if node.bases or node.keywords or node.decorator_list:
        raise Unknown(node, f"{node.name} has a base or a decorator, which public tests cannot: write a plain class")
    if any(isinstance(inner, ast.FunctionDef) and inner.name == "__init__" for inner in node.body):
        raise Unknown(node, f"{node.name} has an __init__, and pytest skips such a class: remove it")


def _require_found(tree: ast.Module, found: set[ast.FunctionDef]) -> None:
    """Whatever is called like a test, or like what pytest runs around one, has to be one."""
    for node in ast.walk(tree):
        if isinstance(node, _Function) and node.name.startswith("test") and node not in found:
            raise Unknown(node, f"{node.name} would not be run: write `def` at the top level or in a class Test…")
        if isinstance(node, _Function) and node.name.startswith(HOOKS):
            raise Unknown(node, f"{node.name} would not be run: call a helper from the tests instead")
    for node in (inner for top in tree.body for inner in ast.walk(top) if inner is not top):
        if isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            raise Unknown(node, f"{node.name} would not be run: write it at the top level")


def _require_once(found: list[tuple[str, ast.FunctionDef]]) -> None:
    seen = set[tuple[str, str]]()
    for of, node in found:
        if (of, node.name) in seen:
            raise Unknown(node, f"{node.name} is defined twice, and only the second would be run: rename one")
        seen.add((of, node.name))


def _cases(of: str, node: ast.FunctionDef) -> Iterator[PublicTest]:
    says = " ".join((ast.get_docstring(node) or "").split())
    names, labels = _parametrized(node)
    arguments = [argument.arg for argument in node.args.args][1 if of else 0 :]
    rest = node.args.vararg or node.args.kwarg or node.args.kwonlyargs or node.args.posonlyargs or node.args.defaults
    if sorted(arguments) != sorted(names) or rest:
        told = "public tests have no fixtures: take no argument, or those of one pytest.mark.parametrize"
        raise Unknown(node, f"{node.name} takes what it is not given: {told}")
    for case, label in enumerate(labels):
        yield PublicTest(of, node.name, node.lineno, says, case, label)


def _parametrized(node: ast.FunctionDef) -> tuple[list[str], list[str]]:
    """The names of a test's arguments and a label for each of its cases."""
    if not node.decorator_list:
        return [], [""]
    decorator, *more = node.decorator_list
    if more or not (isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == PARAMETRIZE):
        raise Unknown(node, f"{node.name} has decorators other than one {PARAMETRIZE}: write the cases in one list")
    names, rows = _literal(decorator.args[0]), decorator.args[1]
    if isinstance(names, str):
        names = [name.strip() for name in names.split(",")]
    elif not isinstance(names, (list, tuple)) or len(names) < 2 or not all(isinstance(name, str) for name in names):
        raise Unknown(decorator, "the names of a test's arguments cannot be read here: write them out in a string")
    if not isinstance(rows, (ast.List, ast.Tuple)) or any(isinstance(row, ast.Starred) for row in rows.elts):
        raise Unknown(decorator, "the cases of a test cannot be counted here: write them out as a list")
    if not rows.elts:
        raise Unknown(decorator, f"{node.name} has no cases: write some")
    return list(names), _labels(list(names), rows.elts)


def _labels(names: list[str], rows: list[ast.expr]) -> list[str]:
    """What pytest calls each case."""
    labels = []
    for number, row in enumerate(rows):
        cells = row.elts if len(names) > 1 and isinstance(row, (ast.List, ast.Tuple)) else [row]
        if len(cells) != len(names):
            raise Unknown(row, f"this case needs {len(names)} values: {', '.join(names)}")
        labels.append("-".join(_label(name, cell, number) for name, cell in zip(names, cells, strict=True)))
    return [label if labels.count(label) == 1 else f"{label}_{number}" for number, label in enumerate(labels)]


def _label(name: str, cell: ast.expr, number: int) -> str:
    value = _literal(cell)
    plain = isinstance(value, (str, int, float)) or isinstance(cell, ast.Constant)
    return str(value) if plain else f"{name}{number}"


def _literal(node: ast.expr) -> object:
    """The value a literal stands for, None where it is something else."""
    try:
        value: object = ast.literal_eval(node)
    except (TypeError, ValueError):
        return None
    return value
