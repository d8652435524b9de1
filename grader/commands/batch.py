"""Grades many submissions on all lanes at once; results come in the order the submissions came in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from grader.commands.progress import Reporter
from grader.grade import Grader, Options, SystemFailure
from grader.report import Check, Report
from grader.submission import Submission
from grader.task import Task


@dataclass(frozen=True)
class Failed:
    """A submission that could not be judged, through no fault of its own."""

    submission: str
    error: str


Result = Report | Failed


@dataclass(frozen=True)
class Batch:
    """What is graded, and how."""

    task: Task
    submissions: Sequence[Submission]
    options: Options

    def grade(self, grader: Grader, progress: Reporter) -> Iterator[Result]:
        """The result of each submission, in order, as soon as it and all before it are there.

        Raises:
            TaskError: the task is broken.
        """
        progress.stage(f"collecting the hidden tests of {self.task.id}")
        checks = grader.checks(self.task, self.options)
        if self._alone:
            progress.count(f"judging {self.submissions[0].name}", checks)
        else:
            progress.count(f"grading {len(self.submissions)} submissions", len(self.submissions))
        yield from self._in_order(grader, progress)

    @property
    def has_races(self) -> bool:
        """Whether the candidate's cost is measured against the reference's."""
        asked = self.task.select(self.options.level, self.options.parts)
        return self.options.budgets and any(part.budget.is_set for part in asked)

    @property
    def _alone(self) -> bool:
        """Whether there is a single submission, whose checks are the steps then."""
        return len(self.submissions) == 1

    def _in_order(self, grader: Grader, progress: Reporter) -> Iterator[Result]:
        """Left early, it waits for no submission: closing the grader ends those that are being judged."""
        workers = ThreadPoolExecutor(grader.slots, thread_name_prefix="grade")
        tell = _Teller(progress, checks=self._alone)
        try:
            futures = [workers.submit(self._grade_one, grader, each, tell) for each in self.submissions]
            yield from map(Future.result, futures)
        finally:
            tell.silent = True
            workers.shutdown(wait=False, cancel_futures=True)

    def _grade_one(self, grader: Grader, submission: Submission, tell: _Teller) -> Result:
        result: Result
        try:
            result = grader.grade(self.task, submission, self.options, tell.check)
        except SystemFailure as failure:
            result = Failed(submission.name, str(failure))
        tell.result(result)
        return result


@dataclass
class _Teller:
    """Passes on what is a step: a check where there is a single submission, else a submission."""

    progress: Reporter
    checks: bool
    silent: bool = False

    def check(self, part: str, check: Check) -> None:
        if self.checks and not self.silent:
            self.progress.step(part)

    def result(self, result: Result) -> None:
        if not (self.checks or self.silent):
            self.progress.step(_told(result))


def _told(result: Result) -> str:
    """A result in one line."""
    if isinstance(result, Failed):
        return f"{result.submission}: system_error, {result.error.splitlines()[0]}"
    return f"{result.submission}: {result.verdict}, {result.points} of {result.max_points} points"
