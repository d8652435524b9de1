"""A task's files are all there and readable: prose with headings, Python that parses, answers with a first line."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Final

from grader.answer import load_answer
from grader.check.finding import Finding, refused
from grader.mutant import load_mutant
from grader.source import parse_python
from grader.statement import split_statement
from grader.task import ACCEPTED, MANIFEST, MUTANTS, Task
from grader.textfile import files_of, read_text

PROSE: Final = ("statement.md", "statement.ru.md", "interviewer.md", "interviewer.ru.md")
PYTHON: Final = ("starter.py", "reference.py", "test_public.py", "test_hidden.py")


def findings(task: Task) -> Iterator[Finding]:
    """Files that are missing or broken, and files that belong to no task."""
    yield from refused(task, *(partial(_prose, task.folder / name) for name in PROSE))
    yield from refused(task, *(partial(_python, task.folder / name) for name in PYTHON))
    part_ids = [part.id for part in task.parts]
    yield from refused(task, *(partial(load_mutant, path, part_ids) for path in task.python_in(MUTANTS)))
    yield from refused(task, *(partial(load_answer, path) for path in task.python_in(ACCEPTED)))
    known = {*PROSE, *PYTHON, MANIFEST}
    for path in files_of(task.folder):
        name = path.relative_to(task.folder).as_posix()
        if name not in known and not (path.suffix == ".py" and path.parent.name in (ACCEPTED, MUTANTS)):
            yield Finding(
                name, "no part of a task", f"delete it, or move it into {MUTANTS}/ or {ACCEPTED}/ if it is an answer"
            )


def _prose(path: Path) -> None:
    split_statement(path, read_text(path))


def _python(path: Path) -> None:
    parse_python(path, read_text(path))
