from __future__ import annotations

import re

from grader.check import accepted
from tests.grader.check.conftest import Graded, Write


def test_kept(graded: Graded, write_task: Write) -> None:
    """Right answers of other styles pass, with their budgets."""
    assert graded(write_task(), accepted) == []


def test_tolerance(graded: Graded, write_task: Write) -> None:
    """A test that a right answer fails is named, with the answer and the seeds."""
    once = ("accepted/exact.py", "len(values)", "len(values) + 1e-3")
    task = write_task(once)
    (found,) = graded(task, accepted)
    assert found.where == "accepted/exact.py"
    assert found.problem == "gets wrong_value in mean/test_definition on seeds 1, 2"


def test_budget(graded: Graded, write_task: Write) -> None:
    """A budget that another style cannot keep is found."""
    task = write_task(
        ("accepted/exact.py", "return math.fsum((k", "return max(math.fsum((k"),
        ("accepted/exact.py", "range(terms))", "range(terms)) for _ in range(12))"),
    )
    (found,) = graded(task, accepted)
    assert re.fullmatch(r"gets too_slow in power-sum/test_speed on seed 1", found.problem)
