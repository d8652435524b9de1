from __future__ import annotations

import re

from grader.check.reference import Reference, seeds_named
from tests.grader.check.conftest import Graded, Write


def test_kept(graded: Graded, write_task: Write) -> None:
    """A right reference passes on every seed."""
    assert graded(write_task(), Reference(5)) == []


def test_fails_on_some_seeds(graded: Graded, write_task: Write) -> None:
    """A reference that is wrong on some inputs is told with the seeds that show it."""
    task = write_task(("reference.py", "return sum(values)", "return sum(v for v in values if v < 9.0)"))
    (found,) = graded(task, Reference(6))
    assert found.where == "mean/test_definition"
    assert re.fullmatch(r"the reference gets wrong_value on seeds( \d,?)+", found.problem)


def test_forbidden(graded: Graded, write_task: Write) -> None:
    """A reference that uses what the task forbids is told once, with its line."""
    task = write_task(
        ("reference.py", "return sum(values) / len(values)", "return fmean(values)"),
        ("reference.py", '"""Sums."""\n', '"""Sums."""\n\nfrom statistics import fmean\n'),
    )
    (found,) = graded(task, Reference(2))
    assert found.where == "reference.py (mean)"
    assert found.problem.startswith("the reference gets forbidden (line 3 uses statistics.fmean")
    assert found.problem.endswith("on seeds 1, 2")


def test_seeds_named() -> None:
    """Seeds read as words do."""
    assert (seeds_named([3]), seeds_named([3, 7])) == ("seed 3", "seeds 3, 7")
