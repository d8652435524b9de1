from __future__ import annotations

from importlib.metadata import entry_points

import pytest

from grader.check import public
from tests.grader.check.conftest import Graded, Write


def test_kept(graded: Graded, write_task: Write) -> None:
    """Public tests that need nothing of ours, pass with the reference and fail with the starter: nothing to find."""
    assert graded(write_task(), public) == []


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("== 1.5", "== 2.5", "plain pytest fails with the reference: "),
        ("def test_mean", "import grader.testing\n\n\ndef test_mean", "plain pytest fails with the reference: "),
        ("def test_", "def check_", "plain pytest fails with the reference: no tests ran"),
    ],
)
def test_broken(graded: Graded, write_task: Write, old: str, new: str, problem: str) -> None:
    """Public tests that do not run without us, or refuse the reference, are told with what pytest says."""
    (found,) = graded(write_task(("test_public.py", old, new)), public)
    assert found.where == "test_public.py"
    assert found.problem.startswith(problem)


def test_plugins(graded: Graded, write_task: Write) -> None:
    """Plugins that other packages bring are not the candidate's, so they are not there."""
    assert {"anyio", "hypothesispytest"} <= {point.name for point in entry_points(group="pytest11")}
    text = "def test_mean(request):\n    from solution import mean\n\n    mean([1.0])\n"
    text += "    assert not request.config.pluginmanager.list_plugin_distinfo()\n"
    assert graded(write_task(**{"test_public.py": text}), public) == []


def test_content_with_the_starter(graded: Graded, write_task: Write) -> None:
    """Public tests have to ask for an answer."""
    text = "import solution\n\n\ndef test_mean():\n    assert callable(solution.mean)\n"
    (found,) = graded(write_task(**{"test_public.py": text}), public)
    assert found.problem == "passes with the starter"


def test_needs_more_than_the_starter(graded: Graded, write_task: Write) -> None:
    """Public tests may import what the starter defines, not a helper of the reference's."""
    task = write_task(
        ("test_public.py", "import mean,", "import HELPER, mean,"),
        ("reference.py", '"""Sums."""\n', '"""Sums."""\n\nHELPER = 1\n'),
    )
    (found,) = graded(task, public)
    assert found.problem.startswith("does not run with the starter: ")


def test_endless(graded: Graded, write_task: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """Public tests that do not end are ended, and the next ones run."""
    monkeypatch.setattr(public, "TIMEOUT_S", 5)
    endless = write_task(("test_public.py", "def test_mean", "while True:\n    pass\n\n\ndef test_mean"))
    (found,) = graded(endless, public)
    assert found.problem == "plain pytest fails with the reference: still running after 5 s"
    monkeypatch.undo()
    assert graded(write_task(), public) == []
