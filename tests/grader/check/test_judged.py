from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pytest

from grader.check import check_task
from grader.gpu import GpuDesk
from grader.grade import Grader
from grader.task import Task
from grader.verdict import NEEDS_TRITON
from sandbox import site
from tests.grader.check.conftest import HIDDEN, Write

ON_GPU: Final = ("task.toml", "budget = { time = 4.0 }", 'device = "cuda"\nbudget = { time = 4.0 }')


@pytest.fixture
def without_gpu() -> Iterator[Grader]:
    """A grader on a machine without a GPU."""
    with Grader(2, gpus=GpuDesk(lambda: None)) as opened:
        yield opened


@pytest.fixture
def task(write_task: Write) -> Task:
    """The part with the budget is one for GPUs."""
    return write_task(ON_GPU)


def test_without_a_gpu(without_gpu: Grader, task: Task) -> None:
    """Budgets, the tests that measure them and the mutants that miss them wait for a machine with a GPU."""
    pytest.importorskip("triton")
    assert check_task(without_gpu, task, seeds=2) == []


def test_a_budget_of_a_gpu_still_needs_a_test(without_gpu: Grader, write_task: Write) -> None:
    """Whatever can be told without a GPU is told."""
    pytest.importorskip("triton")
    task = write_task(ON_GPU, **{"test_hidden.py": HIDDEN[: HIDDEN.index("    def test_speed")]})
    assert "no test measures its time budget" in [found.problem for found in check_task(without_gpu, task, seeds=1)]


def test_without_triton(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    """A part that cannot be judged here is one finding that says what to install, not a proof."""
    monkeypatch.setattr(site, "PACKAGES", ("torch", "numpy"))
    with Grader(2, gpus=GpuDesk(lambda: None)) as opened:
        (found,) = check_task(opened, task, seeds=2)
    assert (found.where, found.problem) == ("power-sum", f"not judged here: {NEEDS_TRITON}")
