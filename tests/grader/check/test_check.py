"""All promises together."""

from __future__ import annotations

from pathlib import Path

from grader.check import UNGRADABLE, check_task, check_tasks
from grader.grade import Grader
from grader.task import Task, load_task
from tests.grader.check.conftest import Write


def test_kept(grader: Grader, write_task: Write) -> None:
    """A task that keeps all its promises has no findings, and progress is told to the end."""
    told: list[tuple[int, int, str]] = []
    assert check_task(grader, write_task(), seeds=4, on_step=lambda *step: told.append(step)) == []
    assert [done for done, _, _ in told] == list(range(1, told[-1][1] + 1))


def test_one_broken(grader: Grader, write_task: Write) -> None:
    """One broken promise is one finding."""
    (found,) = check_task(grader, write_task(("mutants/median.py", "mean wrong_value", "mean not_finite")), seeds=1)
    assert found.where == "mutants/median.py:1"


def test_no_grading_of_a_broken_task(grader: Grader, write_task: Write) -> None:
    """While files are missing nothing is graded."""
    told: list[tuple[int, int, str]] = []
    found = check_task(grader, write_task(**{"starter.py": None}), on_step=lambda *step: told.append(step))
    assert [finding.where for finding in found] == ["starter.py"]
    assert told == []


def test_not_collected(grader: Grader, write_task: Write) -> None:
    """Hidden tests that cannot be imported are told once, with the reason."""
    (found,) = check_task(
        grader, write_task(("test_hidden.py", "import torch\n", "import torch\nimport no_such_thing\n"))
    )
    assert "No module named 'no_such_thing'" in found.problem
    assert found.fix == UNGRADABLE


def test_several(grader: Grader, write_task: Write) -> None:
    """Of several tasks each has its own findings, whatever is wrong with its neighbours, in the order they came."""
    tasks = [
        load_task(_moved(write_task(), "q001-good")),
        load_task(_moved(write_task(**{"starter.py": None}), "q001-no-starter")),
        load_task(_moved(write_task(("mutants/median.py", "mean wrong_value", "mean not_finite")), "q001-odd-mutant")),
    ]
    found = [(task.id, [finding.where for finding in found]) for task, found in check_tasks(grader, tasks, seeds=1)]
    assert found == [
        ("q001-good", []),
        ("q001-no-starter", ["starter.py"]),
        ("q001-odd-mutant", ["mutants/median.py:1"]),
    ]


def test_rounds(grader: Grader, write_task: Write) -> None:
    """What hangs on a clock is graded in every round; a finding that comes up in each is told once."""
    told: list[tuple[int, int, str]] = []
    task = write_task(("mutants/every_prefix.py", "too_slow", "too_large"))
    ((_, found),) = check_tasks(grader, [task], seeds=1, rounds=3, on_step=lambda *step: told.append(step))
    assert [finding.where for finding in found] == ["mutants/every_prefix.py:1"]
    whats = [what for _, _, what in told]
    assert whats.count(f"{task.id}: mutants/every_prefix.py") == 3
    assert whats.count(f"{task.id}: mutants/median.py") == 1


def _moved(task: Task, name: str) -> Path:
    return task.folder.rename(task.folder.parent / name)
