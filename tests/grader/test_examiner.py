"""Tests of examiners that judge one submission after another."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from grader.grade import Grader
from grader.submission import Submission
from grader.task import Task, load_task

HIDDEN = """
import os
import random

import numpy
import torch

KEPT = []


class TestWhere:
    def test_process(self, candidate):
        \"\"\"Always fails, to say in which process.\"\"\"
        raise AssertionError(f"{os.getpid()} {candidate.answer()}")

    def test_instance(self):
        \"\"\"Nothing is left on the instance by the submission before.\"\"\"
        assert not hasattr(self, "left")
        self.left = True

    def test_draws(self):
        \"\"\"Always fails, to say what is drawn without a seed.\"\"\"
        raise AssertionError(f"{random.random()} {numpy.random.rand()} {torch.rand(1).item()}")

    def test_plugins(self, request):
        \"\"\"No plugin is there that another package brings.\"\"\"
        assert not request.config.pluginmanager.list_plugin_distinfo()

    def test_memory(self, candidate):
        \"\"\"Keeps memory if it is told to.\"\"\"
        if candidate.answer() == "keep":
            KEPT.append(torch.ones(50 << 20))
"""
TOML = """
question = 1
minutes = 5
[[part]]
id = "where"
entry = "answer"
level = "junior"
points = 1
answers = [0]
"""
STARTER = "def answer() -> str:\n    ...\n"


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> Task:
    """A task whose tests say where they ran."""
    folder: Path = tmp_path_factory.mktemp("bank") / "01-section" / "q001-where"
    folder.mkdir(parents=True)
    files = {"task.toml": TOML, "reference.py": STARTER, "starter.py": STARTER, "test_hidden.py": HIDDEN}
    for name, text in files.items():
        (folder / name).write_text(text)
    (folder / "statement.md").write_text("# Where\n\n## where\nSay.\n")
    return load_task(folder)


@pytest.fixture(scope="module")
def grader() -> Iterator[Grader]:
    """A grader with one lane."""
    with Grader(1, secret=b"s") as opened:
        yield opened


class Where:
    """What the tests said of one grading."""

    def __init__(self, grader: Grader, task: Task, answer: str) -> None:
        source = f"def answer() -> str:\n    return {answer!r}\n"
        (part,) = grader.grade(task, Submission(f"{answer}.py", source.encode())).parts
        process, instance, draws, self.plugins, _ = part.checks
        self.pid, self.answer = process.detail.split()
        self.instance, self.draws = instance.verdict, draws.detail


def test_an_examiner_starts_every_submission_afresh(grader: Grader, task: Task) -> None:
    """Submissions one after another are judged in one process, each with new instances and the same generators."""
    first, second = (Where(grader, task, answer) for answer in ("first", "second"))
    assert first.pid == second.pid
    assert (first.answer, second.answer) == ("first", "second")
    assert (first.instance, second.instance) == ("pass", "pass")
    assert first.draws == second.draws


def test_an_examiner_loads_no_plugins_of_other_packages(grader: Grader, task: Task) -> None:
    """What happens to be installed beside pytest has no hand in a verdict, and costs no test any time."""
    assert list(entry_points(group="pytest11"))
    assert Where(grader, task, "first").plugins.verdict == "pass"


def test_an_examiner_that_keeps_memory_makes_way(grader: Grader, task: Task) -> None:
    """An examiner that holds much more than it started with is replaced before the next submission."""
    hoarder = Where(grader, task, "keep")
    assert Where(grader, task, "after").pid != hoarder.pid


def test_an_idle_examiner_that_is_killed_is_replaced(grader: Grader, task: Task) -> None:
    """An examiner that dies while nobody needs it costs no submission anything."""
    killed = int(Where(grader, task, "before").pid)
    os.kill(killed, signal.SIGKILL)
    assert Where(grader, task, "after").pid != str(killed)
