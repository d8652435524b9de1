"""Right answers written apart from the reference and in other styles pass everything, budgets included.

They are what keeps tests from asking for the reference's own way: its rounding, its order, its speed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from grader.check.evidence import Evidence, Trial
from grader.check.finding import Finding
from grader.check.reference import failed, on_seeds, seeds_named
from grader.task import ACCEPTED, Task

SEEDS: Final = (1, 2)


def jobs(task: Task) -> Iterator[Trial]:
    """Every such answer on a few seeds, on the first of them with its budgets."""
    for answer in task.accepted():
        yield from on_seeds(task, f"{ACCEPTED}/{answer.path.name}", answer.source, SEEDS)


def findings(task: Task, evidence: Evidence) -> Iterator[Finding]:
    """Answers that fail a test, with the seeds they do."""
    for (name, where, verdict), seeds in failed(evidence, jobs(task)).items():
        fix = "if the answer is right, the test, its tolerance or the budget is wrong"
        yield Finding(name, f"gets {verdict} in {where} on {seeds_named(seeds)}", fix)
