from __future__ import annotations

import pytest

from grader.check import files
from tests.grader.check.conftest import Write


def test_kept(write_task: Write) -> None:
    """A whole task has all its files and no others."""
    assert list(files.findings(write_task())) == []


@pytest.mark.parametrize("name", [*files.PROSE, *files.PYTHON])
def test_missing(write_task: Write, name: str) -> None:
    """Each file that is not there is named."""
    (found,) = files.findings(write_task(**{name: None}))
    assert (found.where, found.problem, found.fix) == (name, "there is no such file", "write it")


@pytest.mark.parametrize(
    ("name", "text", "where", "problem"),
    [
        ("test_public.py", "def f(:\n", "test_public.py:1", "not Python"),
        ("interviewer.ru.md", "Нет.\n", "interviewer.ru.md:1", "must start with its title"),
        ("mutants/median.py", "def mean(values): ...\n", "mutants/median.py:1", 'the first line must be "# expect'),
        ("accepted/exact.py", "def mean(values): ...\n", "accepted/exact.py:1", "no docstring"),
        ("accepted/loops.py", "def mean(:\n", "accepted/loops.py:1", "not Python"),
        ("mutants/notes.txt", "Later.\n", "mutants/notes.txt", "no part of a task"),
        ("solution.py", "", "solution.py", "no part of a task"),
    ],
)
def test_broken(write_task: Write, name: str, text: str, where: str, problem: str) -> None:
    """A file that cannot be read, or has no business here, is named with its line."""
    (found,) = files.findings(write_task(**{name: text}))
    assert found.where == where
    assert found.problem.startswith(problem)
