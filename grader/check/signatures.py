"""The starter shows each entry as the reference has it, and nothing of the answer."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from grader.check.finding import Finding
from grader.source import parse_python
from grader.task import Task

STARTER: Final = "starter.py"
REFERENCE: Final = "reference.py"
#: What may be called at the top level of a starter: it makes a type.
TYPE_MAKERS: Final = frozenset({"TypeVar", "ParamSpec", "NewType", "NamedTuple", "namedtuple", "TypedDict"})
#: Decorators that change how a method is called; others are the reference's own business.
KINDS: Final = frozenset({"property", "staticmethod", "classmethod"})

Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = Function | ast.ClassDef


def findings(task: Task) -> Iterator[Finding]:
    """Entries that are missing or differ, and whatever in the starter is more than a signature."""
    starter = parse_python(task.folder / STARTER, task.starter)
    reference = parse_python(task.folder / REFERENCE, task.reference)
    entries = {part.entry for part in task.parts}
    for statement in starter.body:
        yield from _more_than_a_signature(statement, entries)
    for entry in dict.fromkeys(part.entry for part in task.parts):
        yield from _compare_entry(entry, _definitions(starter), _definitions(reference))


def _compare_entry(entry: str, starter: dict[str, Definition], reference: dict[str, Definition]) -> Iterator[Finding]:
    for file, definitions in ((STARTER, starter), (REFERENCE, reference)):
        if entry not in definitions:
            yield Finding(file, f"{entry} is not defined", "define every entry at the top level")
    if entry in starter and entry in reference:
        yield from _compare(entry, starter[entry], reference[entry])


def _compare(name: str, shown: Definition, answer: Definition) -> Iterator[Finding]:
    where = f"{STARTER}:{shown.lineno}"
    if _signature(shown) != _signature(answer):
        yield Finding(where, f"the signature of {name} differs from the reference's", "make them the same")
    if ast.get_docstring(shown) != ast.get_docstring(answer):
        yield Finding(where, f"the docstring of {name} differs from the reference's", "make them the same")
    elif not ast.get_docstring(shown):
        yield Finding(where, f"{name} has no docstring", "say what it does, in both files")
    if isinstance(shown, ast.ClassDef) and isinstance(answer, ast.ClassDef):
        yield from _compare_methods(name, shown, answer)


def _compare_methods(name: str, shown: ast.ClassDef, answer: ast.ClassDef) -> Iterator[Finding]:
    mine, theirs = _definitions(shown), _definitions(answer)
    for method in mine:
        if method in theirs:
            yield from _compare(f"{name}.{method}", mine[method], theirs[method])
        else:
            where = f"{STARTER}:{mine[method].lineno}"
            yield Finding(where, f"the reference has no {name}.{method}", "add it there, or do not ask for it")
    for method in theirs:
        if method not in mine and not method.startswith("_"):
            where = f"{STARTER}:{shown.lineno}"
            yield Finding(where, f"the reference has a public {name}.{method}", "show it here, or start it with _")


def _signature(node: Definition) -> tuple[str, ...]:
    """Whatever of a definition a caller can tell."""
    if isinstance(node, ast.ClassDef):
        return "class", *map(ast.dump, node.bases), *map(ast.dump, node.keywords)
    kinds = [name for name in map(ast.unparse, node.decorator_list) if name in KINDS]
    returns = ast.dump(node.returns) if node.returns else ""
    return type(node).__name__, *kinds, ast.dump(node.args), returns


def _definitions(tree: ast.Module | ast.ClassDef) -> dict[str, Definition]:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return {node.name: node for node in tree.body if isinstance(node, kinds)}


def _more_than_a_signature(statement: ast.stmt, entries: set[str]) -> Iterator[Finding]:
    if isinstance(statement, ast.ClassDef):
        if statement.name in entries:
            for inner in statement.body:
                yield from _more_than_a_signature(inner, entries)
    elif not _only_a_signature(statement):
        fix = "leave signatures, docstrings and `raise NotImplementedError`"
        yield Finding(f"{STARTER}:{statement.lineno}", f"more than a signature: {ast.unparse(statement):.40}", fix)


def _only_a_signature(statement: ast.stmt) -> bool:
    match statement:
        case ast.Import() | ast.ImportFrom() | ast.Pass():
            return True
        case ast.Expr(value=ast.Constant()):
            return True
        case ast.FunctionDef(body=body) | ast.AsyncFunctionDef(body=body):
            return len(rest := body[1:] if _is_docstring(body[0]) else body) == 1 and _is_unfinished(rest[0])
        case ast.Assign(value=value) | ast.AnnAssign(value=value):
            return value is None or all(map(_computes_nothing, ast.walk(value)))
        case ast.If(test=ast.Name(id="TYPE_CHECKING"), body=body, orelse=[]):
            return all(isinstance(inner, (ast.Import, ast.ImportFrom)) for inner in body)
    return False


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _is_unfinished(statement: ast.stmt) -> bool:
    if not isinstance(statement, ast.Raise) or statement.exc is None:
        return False
    raised = statement.exc.func if isinstance(statement.exc, ast.Call) else statement.exc
    return isinstance(raised, ast.Name) and raised.id == "NotImplementedError"


def _computes_nothing(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id in TYPE_MAKERS
    return not isinstance(node, (ast.Lambda, ast.GeneratorExp, ast.ListComp, ast.SetComp, ast.DictComp))
