"""Inside a run: loads public tests beside the candidate's module and runs them one at a time.

Shipped into the lane; it imports nothing of the grader. Candidate code shares its process and can have it say
anything: that harms nobody, for public tests earn nothing.
"""

from __future__ import annotations

import ast
import operator
import sys
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sandbox.runner import note

MODULE = "test_public"
FILE = "test_public.py"
COMPARED = "_forwardpass_compared"
#: What is shown of one side of a comparison.
MOST_OF_A_VALUE = 600

SIGNS: dict[type[ast.cmpop], str] = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
    ast.Is: "is", ast.IsNot: "is not", ast.In: "in", ast.NotIn: "not in",
}  # fmt: skip
COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "is": operator.is_, "is not": operator.is_not, "in": lambda a, b: a in b, "not in": lambda a, b: a not in b,
}  # fmt: skip


def load(source: str) -> None:
    """Execute the public tests."""
    module = sys.modules[MODULE] = types.ModuleType(MODULE)
    module.__file__ = FILE
    module.__dict__[COMPARED] = compared
    tree = ast.fix_missing_locations(_Telling().visit(ast.parse(source, FILE)))
    with _placed():
        exec(compile(tree, FILE, "exec", dont_inherit=True), module.__dict__)


def run(of: str, function: str, case: int) -> None:
    """Run one case of one test; what it raises goes to whoever asked."""
    home: Any = sys.modules[MODULE]
    with _placed():
        test = getattr(getattr(home, of)() if of else home, function)
        cases = getattr(test, "cases", [{}])
        test(**cases[case])


@contextmanager
def _placed() -> Iterator[None]:
    """Note on which line of the tests an exception came up."""
    try:
        yield
    except BaseException as error:  # sys.exit too
        note(f"at\t{_line(error)}")
        raise


def _line(error: BaseException) -> int:
    """The line of the test itself, not that of a helper it calls; 0 where it was not reached."""
    step = error.__traceback__
    while step is not None and step.tb_frame.f_code.co_filename != FILE:
        step = step.tb_next
    return step.tb_lineno if step else 0


class _Telling(ast.NodeTransformer):
    """Has an assertion that compares tell what it compared; plain Python would say nothing."""

    def visit_Assert(self, node: ast.Assert) -> ast.Assert:  # the name ast asks for
        """The assertion with its comparison made by `compared`."""
        if node.msg is None and isinstance(node.test, ast.Compare):
            signs = ast.Constant(",".join(SIGNS[type(sign)] for sign in node.test.ops))
            function = ast.Name(COMPARED, ast.Load())
            call = ast.Call(function, [signs, node.test.left, *node.test.comparators], [])
            node.test = ast.copy_location(call, node.test)
        return node


def compared(signs: str, *values: Any) -> bool:
    """True if each value stands to the next as its sign says; otherwise the assertion fails, and both are told."""
    for sign, left, right in zip(signs.split(","), values, values[1:], strict=False):
        if not COMPARE[sign](left, right):
            raise AssertionError(f"{_shown(left)} {sign} {_shown(right)} does not hold")
    return True


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= MOST_OF_A_VALUE else f"{text[:MOST_OF_A_VALUE]}…"
