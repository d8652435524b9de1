from __future__ import annotations

import pytest

from grader.check import signatures
from tests.grader.check.conftest import SIGNATURES, Write

CLASS = '''\
class mean(list):
    """Adds up."""

    count: int = 0

    def add(self, value: float) -> None:
        """One more value."""
        raise NotImplementedError

    @property
    def value(self) -> float:
        """The mean so far."""
        raise NotImplementedError("your turn")
'''
ANSWER = CLASS.replace("raise NotImplementedError\n", "self.total += value\n").replace(
    'raise NotImplementedError("your turn")',
    "return self._mean()\n\n    def _mean(self):\n        return self.total / 2",
)
OTHER = SIGNATURES[SIGNATURES.index("def power_sum") :]


def test_kept(write_task: Write) -> None:
    """Signatures and docstrings alike, bodies left out: nothing to find."""
    assert list(signatures.findings(write_task())) == []


def test_types_may_be_given(write_task: Write) -> None:
    """Imports, aliases, constants and helper types in a starter are no part of the answer."""
    types = "from typing import NamedTuple\n\nValues = list[float]\n\n\nclass Pair(NamedTuple):\n    a: int\n\n\n"
    task = write_task(("starter.py", "def mean(", types + "def mean("))
    assert list(signatures.findings(task)) == []


def test_class(write_task: Write) -> None:
    """An entry that is a class shows its public methods, and the reference may have others of its own."""
    task = write_task(**{"starter.py": CLASS + "\n\n" + OTHER, "reference.py": ANSWER + "\n\n" + OTHER})
    assert list(signatures.findings(task)) == []


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('-> float:\n    """The arith', '-> int:\n    """The arith', "the signature of mean differs"),
        ("power: float)", "power: float = 2.0)", "the signature of power_sum differs"),
        ("The arithmetic mean.", "The mean.", "the docstring of mean differs"),
        ("def mean(", "def average(", "mean is not defined"),
        ("    raise NotImplementedError\n\n", "    return 0.0\n\n", "more than a signature: def mean("),
        ("def mean(", "CACHE = dict(a=1)\n\n\ndef mean(", "more than a signature: CACHE = dict(a=1)"),
        ("def mean(", "for _ in ():\n    pass\n\n\ndef mean(", "more than a signature: for _ in ():"),
    ],
)
def test_broken(write_task: Write, old: str, new: str, problem: str) -> None:
    """An entry that differs from the reference's, and anything more than it, is named."""
    (found,) = signatures.findings(write_task(("starter.py", old, new)))
    assert found.where.startswith("starter.py")
    assert found.problem.startswith(problem)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("class mean(list)", "class mean", "the signature of mean differs"),
        ("value: float)", "value: int)", "the signature of mean.add differs"),
        ("    @property\n", "", "the signature of mean.value differs"),
        ("One more value.", "One more.", "the docstring of mean.add differs"),
        ("def add(", "def append(", "the reference has no mean.append"),
    ],
)
def test_class_differs(write_task: Write, old: str, new: str, problem: str) -> None:
    """The methods of a class are compared one by one."""
    files = {"starter.py": CLASS.replace(old, new) + "\n\n" + OTHER, "reference.py": ANSWER + "\n\n" + OTHER}
    found = list(signatures.findings(write_task(**files)))
    assert found[0].problem.startswith(problem)
    assert len(found) == 1 + ("append" in new)
