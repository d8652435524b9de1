from __future__ import annotations

from pathlib import Path

from grader.check.finding import MEND, Finding, from_error, line_of
from grader.textfile import TaskError

FOLDER = Path("/bank/sums/q001-sums")


def test_text() -> None:
    """A finding reads as one line: where, what, and what to do."""
    assert str(Finding("starter.py:3", "passes", "empty it")) == "starter.py:3: passes: empty it"


def test_from_error() -> None:
    """A task error becomes a finding about a file of the task, its advice apart."""
    error = TaskError(FOLDER / "mutants" / "a.py", "no docstring: state the misconception", 2)
    assert from_error(FOLDER, error) == Finding("mutants/a.py:2", "no docstring", "state the misconception")


def test_from_error_without_advice() -> None:
    """What an error quotes over several lines stays together, and outside files keep their path."""
    error = TaskError(Path("/else/task.toml"), "it broke:\nfirst: second")
    assert from_error(FOLDER, error) == Finding("/else/task.toml", "it broke:\nfirst: second", MEND)


def test_line_of() -> None:
    """A line is found by how it starts; without one, nothing is said."""
    assert line_of("# a\n\n## b\n", "## b") == ":3"
    assert line_of("# a\n", "## b") == ""
