"""Each wrong answer kept with a task fails exactly where its first line says, on every seed, and nowhere else."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from grader.check.evidence import Evidence, Trial, parts_of
from grader.check.finding import Finding
from grader.check.reach import Reach
from grader.check.reference import seeds_named
from grader.mutant import FAILS, Mutant
from grader.report import PartReport
from grader.task import Budget, Task

SEEDS: Final = (1, 2, 3)


def jobs(task: Task) -> Iterator[Trial]:
    """Every mutant on a few seeds: the parts whose code it changes."""
    for _, trials in _trials(task):
        yield from trials


def findings(task: Task, evidence: Evidence) -> Iterator[Finding]:
    """Mutants that get another verdict than they announce."""
    for mutant, trials in _trials(task):
        wrong: dict[tuple[str, str], list[int]] = defaultdict(list)
        for trial, part in parts_of(evidence, trials):
            if surprise := _surprise(mutant, part):
                wrong[surprise].append(trial.seed)
        for (problem, fix), seeds in wrong.items():
            yield Finding(f"mutants/{mutant.path.name}:1", f"{problem} on {seeds_named(seeds)}", fix)


def _trials(task: Task) -> Iterator[tuple[Mutant, list[Trial]]]:
    reach, reference = Reach(task), task.reference
    budgeted = {part.id for part in task.parts if part.budget != Budget()}
    for mutant in task.mutants():
        parts = tuple(part.id for part in task.parts if part.id in reach.of(mutant))
        measured = tuple(part for part in parts if part in budgeted)
        name, source = f"mutants/{mutant.path.name}", mutant.graded_source(reference)
        yield mutant, [Trial(name, source, seed, parts, measured=measured) for seed in SEEDS]


def _surprise(mutant: Mutant, part: PartReport) -> tuple[str, str] | None:
    """What is wrong with the verdict of a part, and what to do about it; None if it is as announced."""
    wanted, got = mutant.expects.get(part.id), part.verdict
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
