from __future__ import annotations

from grader.check import runnable
from tests.grader.check.conftest import Graded, Write


def test_kept(graded: Graded, write_task: Write) -> None:
    """Public tests that the reference passes in a lane: nothing to find."""
    assert graded(write_task(), runnable) == []


def test_unknown_to_the_stand_in(graded: Graded, write_task: Write) -> None:
    """What the stand-in for pytest does not know is told with its line and what to do."""
    task = write_task(("test_public.py", "def test_mean", "import pytest\n\n\n@pytest.mark.slow\ndef test_mean"))
    (found,) = graded(task, runnable)
    assert found.where == "test_public.py:7"
    assert found.problem == "pytest.mark.slow cannot be used in public tests"
    assert found.fix.startswith("only pytest.raises, pytest.approx, ")


def test_needs_more_than_a_lane_has(graded: Graded, write_task: Write) -> None:
    """A package that lanes lack is told, though plain pytest may find it on the author's machine."""
    task = write_task(("test_public.py", "def test_mean():\n", "def test_mean():\n    import click\n\n"))
    (found,) = graded(task, runnable)
    assert found.where == "test_public.py:5"
    assert found.problem.startswith("the reference does not pass this in a lane, where candidates run it: error: ")
    assert "ModuleNotFoundError: No module named 'click'" in found.problem


def test_refuses_the_reference(graded: Graded, write_task: Write) -> None:
    """A test that the reference fails in a lane is told with its line."""
    (found,) = graded(write_task(("test_public.py", "== 1.5", "== 2.5")), runnable)
    assert found.where == "test_public.py:11"
    assert "failed: 1.5 == 2.5 does not hold" in found.problem
