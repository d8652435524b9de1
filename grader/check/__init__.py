"""Proves what a task promises about itself, and says what its author has to do next where a promise is broken.

A promise is one module. Those in `ON_PAPER` read files; those in `IN_LANES` have answers graded as any submission is,
and judge the reports. Where a task's files do not even hang together, nothing is graded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, Protocol

from grader.check import (
    accepted,
    classes,
    coverage,
    files,
    judged,
    kills,
    languages,
    mutants,
    notes,
    public,
    reference,
    repeat,
    room,
    sections,
    signatures,
    starter,
    trivial,
)
from grader.check.evidence import Evidence, Job, OnStep
from grader.check.finding import Finding
from grader.grade import Grader
from grader.task import Task

__all__ = ["IN_LANES", "ON_PAPER", "Finding", "check_task"]

SEEDS: Final = 20
UNGRADABLE: Final = "mend the hidden tests: nothing an answer does may make them fail by themselves"


class Promise(Protocol):
    """A promise that takes grading to prove: what to do first, and what is wrong in what came of it."""

    def jobs(self, task: Task) -> Iterator[Job[object]]:
        """What has to be done before `findings` can tell."""

    def findings(self, task: Task, evidence: Evidence) -> Iterator[Finding]:
        """What is wrong."""


#: Without these nothing can be graded.
FIRST: Final[tuple[Callable[[Task], Iterator[Finding]], ...]] = (files.findings, classes.unmatched)
ON_PAPER: Final[tuple[Callable[[Task], Iterator[Finding]], ...]] = (
    classes.findings,
    sections.findings,
    coverage.findings,
    notes.findings,
    languages.findings,
    signatures.findings,
)
#: With the reference's, which needs to know on how many seeds.
IN_LANES: Final[tuple[Promise, ...]] = (room, accepted, starter, trivial, mutants, kills, repeat, public)


def check_task(grader: Grader, task: Task, *, seeds: int = SEEDS, on_step: OnStep | None = None) -> list[Finding]:
    """Everything that is wrong with a task; an empty list proves all its promises.

    Args:
        grader: open; its slots are used in parallel.
        task: its folder is only read.
        seeds: on how many seeds the reference has to pass.
        on_step: told (done, total, what) after each grading.
    """
    found = [finding for promise in FIRST for finding in promise(task)]
    if found:
        return found
    found = [finding for promise in ON_PAPER for finding in promise(task)]
    if any(part.device != "cpu" for part in task.parts):
        unjudged = graded_findings(grader, task, (judged,))
        if unjudged:
            return found + unjudged
    return found + graded_findings(grader, task, (reference.Reference(seeds), *IN_LANES), on_step)


def graded_findings(
    grader: Grader, task: Task, promises: tuple[Promise, ...], on_step: OnStep | None = None
) -> list[Finding]:
    """What is wrong with a task by the promises that take grading; one that cannot be graded at all is told once."""
    evidence = Evidence()
    evidence.gather(grader, task, [job for promise in promises for job in promise.jobs(task)], on_step)
    if evidence.failures:
        return [Finding(job.name, message, UNGRADABLE) for job, message in evidence.failures.items()]
    return [finding for promise in promises for finding in promise.findings(task, evidence)]
