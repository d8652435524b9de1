"""Proves what a task promises about itself, and says what its author has to do next where a promise is broken.

A promise is one module. Those in `ON_PAPER` read files; those in `IN_LANES` have answers graded as any submission is,
and judge the reports. Where a task's files do not even hang together, nothing is graded.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
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
    runnable,
    sections,
    signatures,
    starter,
    trivial,
)
from grader.check.evidence import Evidence, Job, OnStep, Workers, workers
from grader.check.finding import Finding
from grader.grade import Grader
from grader.task import Task

__all__ = ["IN_LANES", "ON_PAPER", "Finding", "check_task", "check_tasks"]

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
IN_LANES: Final[tuple[Promise, ...]] = (room, accepted, starter, trivial, mutants, kills, repeat, public, runnable)


def check_task(grader: Grader, task: Task, *, seeds: int = SEEDS, on_step: OnStep | None = None) -> list[Finding]:
    """Everything that is wrong with a task; an empty list proves all its promises.

    Args:
        grader: open; its slots are used in parallel.
        task: its folder is only read.
        seeds: on how many seeds the reference has to pass.
        on_step: told (done, total, "task: what") after each grading.
    """
    ((_, found),) = check_tasks(grader, [task], seeds=seeds, on_step=on_step)
    return found


def check_tasks(
    grader: Grader, tasks: Iterable[Task], *, seeds: int = SEEDS, rounds: int = 1, on_step: OnStep | None = None
) -> Iterator[tuple[Task, list[Finding]]]:
    """Check several tasks, each begun before the one ahead of it is done, so that no slot stands idle between.

    Everything whose verdict hangs on a clock is graded in so many `rounds`; what is found in any of them is found.
    """
    ahead: tuple[Task, _Check] | None = None
    with workers(grader.slots) as threads:
        for task in tasks:
            begun = task, _begun(grader, task, seeds, threads)
            if ahead:
                yield ahead[0], ahead[1].findings(on_step, rounds)
            ahead = begun
        if ahead:
            yield ahead[0], ahead[1].findings(on_step, rounds)


def graded_findings(grader: Grader, task: Task, promises: tuple[Promise, ...]) -> list[Finding]:
    """What is wrong with a task by the promises that take grading."""
    with workers(grader.slots) as threads:
        return _Check([], grader, task, promises, threads).findings()


class _Check:
    """A task being checked: what is found already, and the gradings that go on."""

    def __init__(
        self, found: list[Finding], grader: Grader, task: Task, promises: tuple[Promise, ...], threads: Workers
    ) -> None:
        self._found, self._task, self._promises = found, task, promises
        self._grader, self._threads = grader, threads
        self._evidence = Evidence()
        if promises:
            jobs = [job for promise in promises for job in promise.jobs(task)]
            self._evidence.begin(grader, task, jobs, threads)

    def findings(self, on_step: OnStep | None = None, rounds: int = 1) -> list[Finding]:
        """Everything that is found; what cannot be graded at all is told once."""
        found = dict.fromkeys(self._found)
        for again in range(rounds if self._promises else 0):
            if again:
                self._evidence.repeat(self._grader, self._task, self._threads)
            self._finish(on_step)
            if self._evidence.failures:
                return [Finding(job.name, message, UNGRADABLE) for job, message in self._evidence.failures.items()]
            graded = (promise.findings(self._task, self._evidence) for promise in self._promises)
            found |= dict.fromkeys(itertools.chain.from_iterable(graded))
        return list(found)

    def _finish(self, on_step: OnStep | None) -> None:
        """Wait until everything is graded, and what is in doubt then as well."""

        def told(done: int, total: int, what: str) -> None:
            if on_step:
                on_step(done, total, f"{self._task.id}: {what}")

        self._evidence.finish(told)
        if room in self._promises and not self._evidence.failures:
            self._evidence.add(self._grader, self._task, room.doubts(self._task, self._evidence), self._threads)
            self._evidence.finish(told)


def _begun(grader: Grader, task: Task, seeds: int, threads: Workers) -> _Check:
    """A check in which nothing is graded where files are missing or a part cannot be judged on this machine."""
    found = [finding for promise in FIRST for finding in promise(task)]
    if found:
        return _Check(found, grader, task, (), threads)
    found = [finding for promise in ON_PAPER for finding in promise(task)]
    if any(part.device != "cpu" for part in task.parts):
        unjudged = _Check([], grader, task, (judged,), threads).findings()
        if unjudged:
            return _Check(found + unjudged, grader, task, (), threads)
    return _Check(found, grader, task, (reference.Reference(seeds), *IN_LANES), threads)
