"""Which parts of a task a mutant can change, so that only these have to be graded with it.

The others run the reference's very code, which is proven by itself. A part runs what its entry depends on, and
whatever its tests reach for beside it. Names are followed as they are written, so a part may be taken for touched that
is not, but not the other way round.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from grader.mutant import Mutant
from grader.task import Task
from grader.textfile import read_text

Uses = dict[str, set[str]]


class Reach:
    """What each part of one task depends on."""

    def __init__(self, task: Task) -> None:
        tests = _uses(ast.parse(read_text(task.hidden_tests)))
        answer = _uses(ast.parse(task.reference))
        self._needs = {
            part.id: _closure({part.entry} | _closure({part.test_class}, tests), answer) for part in task.parts
        }

    def of(self, mutant: Mutant) -> set[str]:
        """The ids of the parts a mutant can change, and of those it is expected to.

        A statement that binds no plain name could change anything, so it touches every part.
        """
        bound = [_bound(statement) for statement in _statements(ast.parse(mutant.source))]
        changed = {name for names in bound for name in names}
        return {part for part, needs in self._needs.items() if not all(bound) or changed & needs} | set(mutant.expects)


def _statements(tree: ast.Module) -> Iterator[ast.stmt]:
    """Everything at the top level but bare constants, such as the docstring."""
    return (node for node in tree.body if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)))


def _bound(statement: ast.stmt) -> set[str]:
    """The names a definition, an import or a plain assignment binds; nothing for any other statement."""
    match statement:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return {name}
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            return {(alias.asname or alias.name).split(".")[0] for alias in names}
        case ast.Assign(targets=targets) if all(isinstance(target, ast.Name) for target in targets):
            return {node.id for node in targets if isinstance(node, ast.Name)}
        case ast.AnnAssign(target=ast.Name(id=name)):
            return {name}
    return set()


def _uses(tree: ast.Module) -> Uses:
    """For each top-level name, every name that its statements mention."""
    uses: Uses = {}
    for statement in tree.body:
        mentioned = set(_mentioned(statement))
        for name in _bound(statement) or mentioned:
            uses.setdefault(name, set()).update(mentioned)
    return uses


def _mentioned(statement: ast.stmt) -> Iterator[str]:
    """Names and attributes, and texts, which may be names as well: `getattr(candidate, "softmax")`."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _closure(roots: Iterable[str], uses: Uses) -> set[str]:
    """Every name that `roots` depend on, themselves included."""
    seen: set[str] = set()
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += uses.get(name, ())
    return seen
