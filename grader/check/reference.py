"""The reference passes on every seed with all its points."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from grader.check.evidence import Evidence, Trial, parts_of
from grader.check.finding import Finding
from grader.report import PartReport
from grader.task import Budget, Task

FILE: Final = "reference.py"
#: On how many of the seeds each part is graded as any submission's: by itself, with its budgets.
APART: Final = 1


@dataclass(frozen=True)
class Reference:
    """The promise for seeds 1 to `seeds`."""

    seeds: int

    def jobs(self, task: Task) -> Iterator[Trial]:
        """The reference on every seed."""
        return trials(task, self.seeds)

    def findings(self, task: Task, evidence: Evidence) -> Iterator[Finding]:
        """What the reference fails, with the seeds it does."""
        for (_, where, verdict), seeds in failed(evidence, self.jobs(task)).items():
            problem = f"the reference gets {verdict} on {seeds_named(seeds)}"
            yield Finding(where, problem, "mend the reference, or the test")


def trials(task: Task, seeds: int) -> Iterator[Trial]:
    """The reference on seeds 1 to `seeds`."""
    return on_seeds(task, FILE, task.reference, range(1, seeds + 1))


def on_seeds(task: Task, name: str, source: str, seeds: Iterable[int]) -> Iterator[Trial]:
    """A right answer on these seeds; on the first of all with its budgets, and each part by itself."""
    for seed in seeds:
        apart = seed <= APART
        yield Trial(name, source, seed, measured=budgeted(task) if apart else (), together=not apart)


def budgeted(task: Task) -> tuple[str, ...]:
    """The parts that have budgets."""
    return tuple(part.id for part in task.parts if part.budget != Budget())


def failed(evidence: Evidence, trials: Iterable[Trial]) -> dict[tuple[str, str, str], list[int]]:
    """What right answers failed, as (answer, where, verdict), and on which seeds."""
    found: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for trial, part in parts_of(evidence, trials):
        if part.points < part.max_points:
            for where, verdict in _failures(trial.name, part):
                found[trial.name, where, verdict].append(trial.seed)
    return found


def seeds_named(seeds: list[int]) -> str:
    """`seed 3`, or `seeds 3, 7`."""
    return f"seed{'s' if len(seeds) > 1 else ''} {', '.join(map(str, seeds))}"


def _failures(name: str, part: PartReport) -> Iterator[tuple[str, str]]:
    """What failed in a part and how; what it notes about the code stands for all its tests."""
    if part.notes:
        yield f"{name} ({part.id})", f"{part.verdict} ({'; '.join(part.notes)})"
        return
    for check in part.checks:
        if check.verdict.is_failure:
            yield f"{part.id}/{check.name}", str(check.verdict)
