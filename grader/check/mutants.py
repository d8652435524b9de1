"""Each wrong answer kept with a task fails exactly where its first line says, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from grader.check.evidence import Evidence, Trial
from grader.check.finding import Finding
from grader.check.reach import Reach
from grader.check.reference import budgeted
from grader.mutant import FAILS, Mutant
from grader.report import PartReport
from grader.task import Task
from grader.verdict import NEEDS_GPU, OVER_BUDGET, Verdict

#: What a call of a mutant may take that is announced to hang: every test of it waits for so long.
HANGING_S: Final = 2.0


def jobs(task: Task) -> Iterator[Trial]:
    """Every mutant, in the parts it can change, with the budgets of those where it announces what only they can tell.

    Elsewhere they are left out: measuring is dear, and would mostly measure the reference again.
    """
    return (trial for _, trial in _all(task))


def findings(task: Task, evidence: Evidence) -> Iterator[Finding]:
    """Mutants that get another verdict than they announce."""
    for mutant, trial in _all(task):
        for part in evidence.of(trial).parts:
            if surprise := _surprise(mutant, part):
                yield Finding(f"{trial.name}:1", *surprise)


def _all(task: Task) -> Iterator[tuple[Mutant, Trial]]:
    reach, reference, budgets = Reach(task), task.reference, budgeted(task)
    costly = {FAILS, *OVER_BUDGET}
    for mutant in task.mutants():
        reached = reach.of(mutant)
        parts = tuple(part.id for part in task.parts if part.id in reached)
        measured = tuple(part for part in parts if part in budgets and mutant.expects.get(part) in costly)
        wall_s = HANGING_S if Verdict.TIMEOUT in mutant.expects.values() else None
        source = mutant.graded_source(reference)
        yield mutant, Trial(f"mutants/{mutant.path.name}", source, parts=parts, measured=measured, wall_s=wall_s)


def _surprise(mutant: Mutant, part: PartReport) -> tuple[str, str] | None:
    """What is wrong with the verdict of a part, and what to do about it; None if it is as announced."""
    wanted, got = mutant.expects.get(part.id), part.verdict
    if wanted in OVER_BUDGET and any(check.detail == NEEDS_GPU for check in part.checks) and not got.is_failure:
        return None  # a machine with a GPU can tell
    if wanted is None:
        failing = ", ".join(check.name for check in part.checks if check.verdict.is_failure)
        fix = f"expect it ({failing}), or keep the mutant out of that part"
        return (f"{part.id} gets {got}, which is not announced", fix) if got.is_failure else None
    if not got.is_failure:
        return f"{part.id} gets {got} and should get {wanted}", "add a test that catches this misconception"
    if wanted not in (FAILS, got):
        failing = ", ".join(check.name for check in part.checks if check.verdict is got)
        return f"{part.id} gets {got} and should get {wanted}", f"announce {got}, or see why {failing} gives it"
    return None
