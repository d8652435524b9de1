"""Tests of faults of ours: they are retried, and never become a verdict."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.bank import Bank, default_root
from grader.desk import ExaminerFault
from grader.grade import Grader, Options, SystemFailure
from grader.submission import Submission
from grader.task import Task
from sandbox.errors import LaneLost

QUICK = Options(parts=("softmax",), budgets=False, seed=1)


@pytest.fixture(scope="module")
def task() -> Task:
    """The light task of the bank."""
    return Bank(default_root()).get("q026")


@pytest.fixture(scope="module")
def grader() -> Iterator[Grader]:
    """One grader for all tests of this file."""
    with Grader(1) as opened:
        yield opened


@pytest.fixture(scope="module")
def right(task: Task) -> Submission:
    """A right answer."""
    return Submission("right", task.reference.encode())


def test_a_lane_killed_while_it_is_idle_is_replaced(grader: Grader, task: Task, right: Submission) -> None:
    """The next submission has the verdict it would have had."""
    with grader._lanes.lane() as lane:
        victims = _zygotes(lane.number)
    for pid in victims:
        os.kill(pid, signal.SIGKILL)
    assert grader.grade(task, right, QUICK).verdict == "pass"


def test_an_examiner_that_fails_is_tried_again(
    grader: Grader, task: Task, right: Submission, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once is no reason to give up."""
    real, calls = grader._desk.examine, list[int]()

    def flaky(*args: object) -> None:
        calls.append(1)
        if len(calls) == 1:
            raise LaneLost("the machine hiccuped")
        real(*args)  # type: ignore[arg-type]  # passed on as they came

    monkeypatch.setattr(grader._desk, "examine", flaky)
    assert grader.grade(task, right, QUICK).verdict == "pass"
    assert len(calls) == 2


def test_a_fault_that_stays_is_a_system_failure_and_no_report(
    grader: Grader, task: Task, right: Submission, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The submission has no verdict but system_error, and the message says why."""

    def broken(*_: object) -> None:
        raise ExaminerFault("no space left")

    monkeypatch.setattr(grader._desk, "examine", broken)
    with pytest.raises(SystemFailure, match="no space left"):
        grader.grade(task, right, QUICK)


def test_what_a_server_needs_imports_no_torch() -> None:
    """Reading tasks, reports and the command line work where torch is not installed."""
    code = """
import sys
class Nothing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("torch", "numpy", "pytest"):
            raise ImportError(name)
sys.meta_path.insert(0, Nothing())
import api, grader.cli, grader.grade, grader.report, grader.bank
"""
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def _zygotes(_: int) -> list[int]:
    """Every zygote below this process."""
    listing = subprocess.run(["ps", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in listing.splitlines()[1:]]
    children = {int(pid): int(ppid) for pid, ppid, _ in rows}

    def ours(pid: int) -> bool:
        while pid in children:
            if pid == os.getpid():
                return True
            pid = children[pid]
        return False

    return [int(pid) for pid, _, args in rows if "sandbox.zygote" in args and ours(int(pid))]
