from __future__ import annotations

import pytest

from grader.check import coverage
from tests.grader.check.conftest import Write


def test_kept(write_task: Write) -> None:
    """Every follow-up covered and mutants for every part: nothing to find."""
    assert list(coverage.findings(write_task())) == []


@pytest.mark.parametrize(
    ("old", "new", "where", "problem"),
    [
        ("[2, 3]", "[3]", "task.toml", "follow-up 2 is not covered"),
        ("follow_up = 5", "follow_up = 2", "task.toml", "follow-up 5 is not covered"),
        ("[0, 1]", "[1]", "task.toml:10", "the first part does not answer the question itself"),
    ],
)
def test_uncovered(write_task: Write, old: str, new: str, where: str, problem: str) -> None:
    """The question is the first part's, and each follow-up belongs to somebody."""
    (found,) = coverage.findings(write_task(("task.toml", old, new)))
    assert (found.where, found.problem) == (where, problem)


def test_too_few_mutants(write_task: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """There are at least as many wrong answers as the house asks for."""
    monkeypatch.setattr(coverage, "MIN_MUTANTS", 5)
    (found,) = coverage.findings(write_task())
    assert (found.where, found.problem) == ("mutants", "4 wrong answers")


def test_too_few_accepted(write_task: Write) -> None:
    """There are right answers in other styles than the reference's."""
    (found,) = coverage.findings(write_task(**{"accepted/loops.py": None}))
    assert (found.where, found.problem) == ("accepted", "1 right answers")


def test_part_without_mutant(write_task: Write) -> None:
    """Each part has a wrong answer of its own."""
    changes = [(f"mutants/{name}.py", "power-sum", "mean") for name in ("off_by_one", "every_prefix")]
    (found,) = coverage.findings(write_task(*changes))
    assert (found.where, found.problem) == ("mutants", "none for part 'power-sum'")
