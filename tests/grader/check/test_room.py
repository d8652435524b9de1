from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from grader.check import room
from grader.check.evidence import Trial
from grader.check.room import tight
from grader.report import Check, Report
from grader.task import Budget
from grader.verdict import Verdict
from tests.grader.check.conftest import HIDDEN, Graded, Write


def test_kept(graded: Graded, write_task: Write) -> None:
    """A budget that is measured and generous enough: nothing to find."""
    assert graded(write_task(), room) == []


def test_nobody_measures(graded: Graded, write_task: Write) -> None:
    """A budget without a test that measures it is told."""
    task = write_task(**{"test_hidden.py": HIDDEN[: HIDDEN.index("    def test_speed")]})
    (found,) = graded(task, room)
    assert (found.where, found.problem) == ("power-sum", "no test measures its time budget")


def test_too_tight(graded: Graded, write_task: Write) -> None:
    """A budget the reference almost uses up is told as it is written, whatever noise makes of the measurement."""
    *measured, written = graded(write_task(("task.toml", "time = 4.0", "time = 1.5")), room)
    assert (written.where, written.problem) == ("task.toml", "power-sum allows 1.5 × the reference's time")
    assert all(finding.where == "power-sum/test_speed" for finding in measured)


def test_doubts(graded: Graded, write_task: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """Budgets are measured on other seeds only where the first finds something, and then the median tells."""
    graded_seeds: list[int] = []
    run = Trial.run

    def counted(trial: Trial, *where: Any) -> Report:
        graded_seeds.append(trial.seed)
        return run(trial, *where)

    monkeypatch.setattr(Trial, "run", counted)
    assert graded(write_task(), room) == []
    assert graded_seeds == [1]
    monkeypatch.setattr(room, "_most", lambda kind, limit: 0.0)
    (found,) = graded(write_task(), room)
    assert (found.where, sorted(graded_seeds)) == ("power-sum/test_speed", [1, 1, 2, 3])


def test_every_budget_is_known() -> None:
    """Each kind of budget leaves a trace that is looked for."""
    assert list(room.TRACES) == [field.name for field in fields(Budget)]


def check(verdict: Verdict = Verdict.PASS, **measured: float) -> Check:
    return Check("test_speed", verdict, detail="mixed" if verdict is Verdict.NOT_MEASURED else "", measured=measured)


@pytest.mark.parametrize(
    ("runs", "problem"),
    [
        ([check(ratio=r, limit=2.0) for r in (1.0, 1.09, 3.0)], None),
        ([check(ratio=r, limit=2.0) for r in (1.0, 1.3, 1.4)], "needs 1.30 of a limit of 2 (ratio)"),
        ([check(exponent=1.3, limit=1.5)], None),
        ([check(exponent=1.4, limit=1.5)], "needs 1.40 of a limit of 1.5 (exponent)"),
        ([check(ratio=1.0, limit=3.0), check(Verdict.NOT_MEASURED)], "not measured: mixed"),
        ([check()], None),
    ],
)
def test_tight(runs: list[Check], problem: str | None) -> None:
    """The median of some runs stays below half of a ratio's limit, and clear of an exponent's."""
    found = list(tight("mean/test_speed", runs))
    assert len(found) == (problem is not None)
    assert all(str(problem) in finding.problem for finding in found)
