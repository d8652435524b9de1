"""Each wrong answer kept with a task fails exactly where its first line says, on every seed, and nowhere else."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from grader.check.evidence import Evidence, Trial
from grader.check.finding import Finding
from grader.check.reach import Reach
from grader.check.reference import seeds_named
from grader.check.room import GROWTH_MARGIN
from grader.grade import Grader
from grader.mutant import FAILS, Mutant
from grader.report import Check, PartReport, Report
from grader.task import Budget, Task
from grader.verdict import NEEDS_GPU, OVER_BUDGET, Verdict

SEEDS: Final = (1, 2)
#: So many times its limit, a ratio is no matter of noise.
CLEARLY_OVER: Final = 1.5


@dataclass(frozen=True)
class Series:
    """One mutant on all seeds, graded in the parts it can change; `measured` are those of them with budgets."""

    name: str
    source: str
    parts: tuple[str, ...]
    measured: tuple[str, ...]

    def run(self, grader: Grader, task: Task) -> list[Report]:
        """A report a seed. What is clearly over its budget once is not measured again, and left out if it passes."""
        reports: list[Report] = []
        clear: set[str] = set()
        for seed in SEEDS:
            measured = tuple(part for part in self.measured if part not in clear)
            report = Trial(self.name, self.source, seed, self.parts, measured=measured).run(grader, task)
            left = tuple(p for p in report.parts if p.id not in clear or p.verdict is not Verdict.NOT_MEASURED)
            reports.append(replace(report, parts=left))
            clear |= {part.id for part in report.parts if any(map(_is_clear, part.checks))}
        return reports


def jobs(task: Task) -> Iterator[Series]:
    """Every mutant on a few seeds."""
    return (series for _, series in _all(task))


def findings(task: Task, evidence: Evidence) -> Iterator[Finding]:
    """Mutants that get another verdict than they announce."""
    for mutant, series in _all(task):
        wrong: dict[tuple[str, str], list[int]] = defaultdict(list)
        for report in evidence.of(series):
            for part in report.parts:
                if surprise := _surprise(mutant, part):
                    wrong[surprise].append(report.seed)
        for (problem, fix), seeds in wrong.items():
            yield Finding(f"{series.name}:1", f"{problem} on {seeds_named(seeds)}", fix)


def _all(task: Task) -> Iterator[tuple[Mutant, Series]]:
    reach, reference = Reach(task), task.reference
    budgeted = {part.id for part in task.parts if part.budget != Budget()}
    for mutant in task.mutants():
        reached = reach.of(mutant)
        parts = tuple(part.id for part in task.parts if part.id in reached)
        measured = tuple(part for part in parts if part in budgeted)
        yield mutant, Series(f"mutants/{mutant.path.name}", mutant.graded_source(reference), parts, measured)


def _is_clear(check: Check) -> bool:
    """Whether a check missed its budget by so much that noise has no part in it."""
    if check.verdict not in OVER_BUDGET:
        return False
    measured, limit = check.measured, check.measured.get("limit", math.inf)
    return measured.get("ratio", 0) > CLEARLY_OVER * limit or measured.get("exponent", 0) > limit + GROWTH_MARGIN


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
