from __future__ import annotations

from grader.check import starter
from tests.grader.check.conftest import MEAN, Graded, Write


def test_kept(graded: Graded, write_task: Write) -> None:
    """A starter without answers earns nothing."""
    assert graded(write_task(), starter) == []


def test_earns_points(graded: Graded, write_task: Write) -> None:
    """A part that the starter passes is named."""
    (found,) = graded(write_task(("starter.py", "    raise NotImplementedError\n\n", MEAN + "\n")), starter)
    assert (found.where, found.problem) == ("starter.py", "passes part 'mean'")
