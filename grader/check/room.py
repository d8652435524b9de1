"""Budgets leave room: each is measured by a test, and the reference needs no more than half of it.

They are measured on one seed; where that finds anything, on some more, and the median tells.
Those of parts for GPUs are measured on machines with a GPU; elsewhere nothing is found about them.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Final

from grader.check.evidence import Evidence, Trial, parts_of
from grader.check.finding import Finding
from grader.check.reference import FILE, budgeted, trials
from grader.report import Check
from grader.task import MANIFEST, Part, Task
from grader.verdict import NEEDS_GPU, Verdict

#: The number that a measurement of each budget leaves in a check.
TRACES: Final[Mapping[str, str]] = {"time": "pairs", "memory": "peak_mb", "growth": "exponent"}
#: How far below its limit an exponent stays.
GROWTH_MARGIN: Final = 0.15
SHARE: Final = 0.5
#: On which seeds budgets are measured as well where the first leaves a doubt.
OTHER_SEEDS: Final = (2, 3)
#: The reference beside itself is 1 × up to noise, which must not decide about a limit of exactly 2.
NOISE: Final = 1.25


def jobs(task: Task) -> Iterator[Trial]:
    """The reference with its budgets."""
    return trials(task, 1)


def doubts(task: Task, evidence: Evidence) -> Iterator[Trial]:
    """The reference's budgets on other seeds, if what was measured on the first is not clear."""
    if any(tight("", runs) for runs in _measured_checks(task, evidence).values()):
        yield from _others(task)


def _others(task: Task) -> Iterator[Trial]:
    for seed in OTHER_SEEDS:
        yield Trial(FILE, task.reference, seed, parts=budgeted(task), measured=budgeted(task))


def findings(task: Task, evidence: Evidence) -> Iterator[Finding]:
    """Budgets that nobody measures, that could not be measured, or that the reference all but uses up."""
    checks = _measured_checks(task, evidence)
    for part in task.parts:
        found = {name: runs for (of, name), runs in checks.items() if of == part.id}
        yield from _unmeasured(part, [check for runs in found.values() for check in runs])
        for name, runs in found.items():
            yield from tight(f"{part.id}/{name}", runs)
    yield from _small(task)


def _measured_checks(task: Task, evidence: Evidence) -> dict[tuple[str, str], list[Check]]:
    found: dict[tuple[str, str], list[Check]] = defaultdict(list)
    known = (*jobs(task), *(trial for trial in _others(task) if evidence.has(trial)))
    for trial, part in parts_of(evidence, known):
        if part.id in trial.measured:
            for check in part.checks:
                found[part.id, check.name].append(check)
    return found


def _unmeasured(part: Part, checks: list[Check]) -> Iterator[Finding]:
    if any(check.verdict is not Verdict.PASS for check in checks):
        return  # that is said elsewhere
    for kind, trace in TRACES.items():
        if getattr(part.budget, kind) is not None and not any(trace in check.measured for check in checks):
            fix = f"write one with budget.{kind}(…), or drop the budget"
            yield Finding(part.id, f"no test measures its {kind} budget", fix)


def tight(where: str, runs: list[Check]) -> list[Finding]:
    """What is wrong with one check, measured on one seed or several."""
    missed = [check for check in runs if check.verdict is Verdict.NOT_MEASURED and check.detail != NEEDS_GPU]
    if missed:
        fix = "make the measured call longer and its cost steadier"
        return [Finding(where, f"not measured: {missed[0].detail}", fix)]
    return list(_used_up(where, runs))


def _used_up(where: str, runs: list[Check]) -> Iterator[Finding]:
    for kind in ("ratio", "exponent"):
        measured = [check.measured for check in runs if kind in check.measured]
        if measured and (used := statistics.median(m[kind] for m in measured)) > _most(kind, measured[0]["limit"]):
            problem = f"the reference needs {used:.2f} of a limit of {measured[0]['limit']:g} ({kind})"
            yield Finding(where, problem, "raise the limit, or make the reference cheaper")


def _most(kind: str, limit: float) -> float:
    """What the reference may need of a limit."""
    return limit * SHARE * NOISE if kind == "ratio" else limit - GROWTH_MARGIN


def _small(task: Task) -> Iterator[Finding]:
    for part in task.parts:
        for kind in ("time", "memory"):
            limit = getattr(part.budget, kind)
            if limit is not None and limit * SHARE < 1:
                problem = f"{part.id} allows {limit:g} × the reference's {kind}"
                yield Finding(MANIFEST, problem, "allow at least 2 ×: another style of right answer has to pass")
