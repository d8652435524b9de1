"""What the promises are judged by: answers graded in many ways, on all of a grader's lanes at once."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

from grader.grade import Grader, Options, SystemFailure
from grader.report import PartReport, Report
from grader.score import report_verdict
from grader.submission import Submission
from grader.task import Task
from grader.textfile import TaskError

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

OnStep = Callable[[int, int, str], None]
Workers = ThreadPoolExecutor


class Job(Protocol[T_co]):
    """Something to be done once, however many promises ask for it: equal jobs are one."""

    @property
    def name(self) -> str:
        """What it is called while it is done, and where its failure is."""

    def run(self, grader: Grader, task: Task) -> T_co:
        """Do it."""


@dataclass(frozen=True)
class Trial:
    """One answer graded in one way.

    Attributes:
        parts: ids of the parts to grade; all of them without any.
        tamper: the trivial answer put in place of every result, or "".
        measured: ids of the parts among them whose budgets are measured as well.
        again: tells a repetition from the first time.
        together: one process for all parts that are not measured: less work, and enough where the same code is also
            graded in the usual way.
        wall_s: what one call may take; None for what the task allows.
    """

    name: str
    source: str
    seed: int = 1
    parts: tuple[str, ...] = ()
    tamper: str = ""
    measured: tuple[str, ...] = ()
    again: bool = False
    together: bool = False
    wall_s: float | None = None

    @property
    def timed(self) -> bool:
        """Whether its verdict hangs on a clock, or on what memory the machine gave."""
        return bool(self.measured) or self.wall_s is not None

    def run(self, grader: Grader, task: Task) -> Report:
        """The report.

        Raises:
            TaskError: the hidden tests cannot be collected.
            SystemFailure: a test failed by itself.
        """
        asked = self.parts or tuple(part.id for part in task.parts)
        options = Options(seed=self.seed, tamper=self.tamper, wall_s=self.wall_s)
        unmeasured = tuple(part for part in asked if part not in self.measured)
        plain = replace(options, parts=unmeasured, budgets=False, together=self.together)
        submission, ways = Submission(self.name, self.source.encode()), (plain, replace(options, parts=self.measured))
        return _merged(task, [grader.grade(task, submission, way) for way in ways if way.parts])


@dataclass(frozen=True)
class _Again:
    """What hangs on a clock in a trial, graded once more; all else stays as it was before."""

    trial: Trial
    before: Report

    @property
    def name(self) -> str:
        """The trial's."""
        return self.trial.name

    def run(self, grader: Grader, task: Task) -> Report:
        """The report. Raises as the trial does."""
        waits = self.trial.wall_s is not None
        trial = self.trial if waits else replace(self.trial, parts=self.trial.measured)
        return _merged(task, [self.before, trial.run(grader, task)])


@contextlib.contextmanager
def workers(slots: int) -> Iterator[Workers]:
    """Threads to do jobs on, one for each slot of a grader; what waits is dropped if the block is left by an error."""
    threads = ThreadPoolExecutor(slots)
    try:
        yield threads
    except BaseException:  # an interrupt too
        threads.shutdown(wait=False, cancel_futures=True)
        raise
    threads.shutdown()


class Evidence:
    """What came of all jobs; `failures` holds those that could not be done, with the reason."""

    def __init__(self) -> None:
        self.failures: dict[Job[object], str] = {}
        self._results: dict[Any, Any] = {}
        self._pending: dict[Future[object], Job[object]] = {}

    def begin(self, grader: Grader, task: Task, jobs: Iterable[Job[object]], threads: Workers) -> None:
        """Do the first job, and begin to do the others: if it cannot be done, they are left."""
        first, *rest = dict.fromkeys(jobs)
        self._keep(first, _attempt(first, grader, task))
        if not self.failures:
            self.add(grader, task, rest, threads)

    def add(self, grader: Grader, task: Task, jobs: Iterable[Job[object]], threads: Workers) -> None:
        """Begin to do more jobs; those that were done are not done again."""
        new = (job for job in jobs if job not in self._results)
        self._pending |= {threads.submit(_attempt, job, grader, task): job for job in new}

    def repeat(self, grader: Grader, task: Task, threads: Workers) -> None:
        """Begin to do once more what may turn out otherwise: the trials whose verdict hangs on a clock."""
        timed = [_Again(job, before) for job, before in self._results.items() if isinstance(job, Trial) and job.timed]
        self._pending = {threads.submit(_attempt, again, grader, task): again.trial for again in timed}

    def finish(self, on_step: OnStep | None = None) -> None:
        """Wait until every job is done, telling of each."""
        before, report = len(self._results), on_step or _silently
        total = before + len(self._pending)
        if before == 1:  # the first is done before any other begins
            report(before, total, next(iter(self._results)).name)
        for done, future in enumerate(as_completed(self._pending), before + 1):
            self._keep(self._pending[future], future.result())
            report(done, total, self._pending[future].name)
        self._pending = {}

    def of(self, job: Job[T]) -> T:
        """What came of a job."""
        result: T = self._results[job]
        return result

    def has(self, job: Job[object]) -> bool:
        """Whether something came of a job: it is done."""
        return job in self._results

    def _keep(self, job: Job[object], result: object) -> None:
        if isinstance(result, (TaskError, SystemFailure)):
            self.failures[job] = reason(result)
        self._results[job] = result


def parts_of(evidence: Evidence, trials: Iterable[Trial]) -> Iterator[tuple[Trial, PartReport]]:
    """Every part's report of every trial."""
    for trial in trials:
        for part in evidence.of(trial).parts:
            yield trial, part


def reason(error: TaskError | SystemFailure) -> str:
    """Why a job could not be done, with the last line of a hidden test that had a hand in it, if one had."""
    if isinstance(error, TaskError):
        return error.message
    text = str(error.__cause__ or error).strip()
    lines = re.findall(r'test_hidden\.py", line (\d+)', text)
    return text.split("\n")[0] + (f" (test_hidden.py:{lines[-1]})" if lines else "")


def _attempt(job: Job[T], grader: Grader, task: Task) -> T | TaskError | SystemFailure:
    try:
        return job.run(grader, task)
    except (TaskError, SystemFailure) as error:
        return error


def _silently(done: int, total: int, what: str) -> None:
    """Tell nobody."""


def _merged(task: Task, reports: list[Report]) -> Report:
    """One report of all parts, in the task's order; where two judge a part, the later one counts."""
    graded = {part.id: part for report in reports for part in report.parts}
    parts = tuple(graded[part.id] for part in task.parts if part.id in graded)
    points, most = sum(part.points for part in parts), sum(part.max_points for part in parts)
    verdict = report_verdict([part.verdict for part in parts], points)
    return replace(reports[0], parts=parts, points=points, max_points=most, verdict=verdict)
