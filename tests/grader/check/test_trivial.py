from __future__ import annotations

import pytest

from grader.check import trivial
from tests.grader.check.conftest import Graded, Write

DRAWN = "values = (10 * torch.rand(7, generator=rng)).tolist()"
WHOLE = "values = [float(torch.randint(2, 200, (1,), generator=rng))] * 7"
ZEROS = "values = [torch.rand(1, generator=rng).item() - 0.5]\n        values += [-values[0]]"


def test_kept(graded: Graded, write_task: Write) -> None:
    """Tests that look at values closely refuse every trivial answer."""
    assert graded(write_task(), trivial) == []


@pytest.mark.parametrize(
    ("old", "new", "called"),
    [
        ("sum(values) / 7)", "sum(values) / 7, rtol=0.01)", "bfloat16 rounding"),
        (DRAWN, ZEROS, "zeros"),
    ],
)
def test_passed(graded: Graded, write_task: Write, old: str, new: str, called: str) -> None:
    """A part that a trivial answer passes is named with it."""
    found = graded(write_task(("test_hidden.py", old, new)), trivial)
    assert [finding.where for finding in found] == ["mean"] * len(found)
    assert any(f"is passed by {called} in place" in finding.problem for finding in found)


def test_changes_nothing(graded: Graded, write_task: Write) -> None:
    """A trivial answer that is the right one, as a small whole number rounded, is held against nobody."""
    assert graded(write_task(("test_hidden.py", DRAWN, WHOLE)), trivial) == []


def test_nothing_to_replace(graded: Graded, write_task: Write) -> None:
    """A part that returns texts alone is left to its mutants."""
    task = write_task(
        (
            "test_hidden.py",
            "assert_close(candidate.mean(values), sum(values) / 7)",
            'assert candidate.mean(values) == "odd"',
        ),
        ("starter.py", "-> float", "-> str"),
        ("reference.py", "return sum(values) / len(values)", 'return "odd" if len(values) % 2 else "even"'),
    )
    assert graded(task, trivial) == []
