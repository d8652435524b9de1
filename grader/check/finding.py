"""What is wrong with a task, where, and what its author does next."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from grader.task import Task
from grader.textfile import TaskError

MEND: Final = "mend it and check again"


@dataclass(frozen=True)
class Finding:
    """One broken promise.

    Attributes:
        where: a file of the task with its line, or a part, or a part's test.
        problem: what is wrong.
        fix: what to do about it.
    """

    where: str
    problem: str
    fix: str

    def __str__(self) -> str:
        return f"{self.where}: {self.problem}: {self.fix}"


def from_error(folder: Path, error: TaskError) -> Finding:
    """The finding that says what a `TaskError` says."""
    where = str(error.path.relative_to(folder)) if error.path.is_relative_to(folder) else str(error.path)
    problem, _, fix = error.message.partition(": ")
    if "\n" in problem:
        problem, fix = error.message, ""
    return Finding(where if error.line is None else f"{where}:{error.line}", problem, fix or MEND)


def refused(task: Task, *attempts: Callable[[], object]) -> Iterator[Finding]:
    """A finding for each of `attempts` that raises `TaskError`."""
    for attempt in attempts:
        try:
            attempt()
        except TaskError as error:
            yield from_error(task.folder, error)


def line_of(text: str, wanted: str) -> str:
    """`:n` for the first line of `text` that starts with `wanted`, "" if none does; goes after a file's name."""
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith(wanted):
            return f":{number}"
    return ""
