"""Every part can be judged on this machine: what cannot be is not proven by finding nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from grader.check.evidence import Evidence, Trial
from grader.check.finding import Finding
from grader.task import Task

FILE: Final = "reference.py"


def jobs(task: Task) -> Iterator[Trial]:
    """The parts for GPUs of the reference, once, with one of the others, for nothing is graded of nothing judged."""
    others = [part.id for part in task.parts if part.device == "cpu"][:1]
    yield Trial(FILE, task.reference, parts=(*others, *(part.id for part in task.parts if part.device == "cuda")))


def findings(task: Task, evidence: Evidence) -> Iterator[Finding]:
    """Parts that this machine lacks something for."""
    (trial,) = jobs(task)
    for part in evidence.of(trial).parts:
        if not part.max_points:
            yield Finding(part.id, part.notes[-1], "install what is missing, or check the task on another machine")
