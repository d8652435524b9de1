from __future__ import annotations

import pytest

from grader.check import classes
from tests.grader.check.conftest import Write

LOOSE = "\n\ndef test_loose(candidate):\n    pass\n"
MODE = "class TestMode:\n    pass\n\n\nclass TestMean:"
TWIN = '''
    def test_nothing(self, candidate):
        """Nothing has no mean."""


class TestPowerSum:'''


def test_kept(write_task: Write) -> None:
    """One class a part, each test with a sentence: nothing to find."""
    task = write_task()
    assert [*classes.unmatched(task), *classes.findings(task)] == []


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("class TestPowerSum:", "class Sums:", [("test_hidden.py", "part 'power-sum' has no tests")]),
        ("class TestMean:", MODE, [("test_hidden.py:5", "class TestMode belongs to no part")]),
        ("1.5))\n", "1.5))\n" + LOOSE, [("test_hidden.py:28", "test_loose stands outside")]),
    ],
)
def test_unmatched(write_task: Write, old: str, new: str, found: list[tuple[str, str]]) -> None:
    """Parts and classes of tests have to belong together, one to one."""
    got = list(classes.unmatched(write_task(("test_hidden.py", old, new))))
    assert [finding.where for finding in got] == [where for where, _ in found]
    assert all(finding.problem.startswith(problem) for finding, (_, problem) in zip(got, found, strict=True))


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('        """Nothing has no mean."""\n', "", "has no docstring"),
        ("Nothing has no mean.", "Nothing has no mean", "without a full stop"),
        ("Nothing has no mean.", "Nothing. No mean.", "several sentences"),
        ("\n\nclass TestPowerSum:", TWIN, "is defined 2 times"),
    ],
)
def test_unsaid(write_task: Write, old: str, new: str, problem: str) -> None:
    """A test has a name of its own and says in one sentence what it asks for."""
    got = list(classes.findings(write_task(("test_hidden.py", old, new))))
    assert all(problem in finding.problem for finding in got)
    assert got[0].where == "test_hidden.py:11"


def test_too_few(write_task: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """There are at least as many test functions as the house asks for."""
    monkeypatch.setattr(classes, "MIN_TESTS", 5)
    (found,) = classes.findings(write_task())
    assert (found.where, found.problem) == ("test_hidden.py", "4 test functions")
