"""Runs public tests on a candidate's code in a lane, each as a call of its own, and says what came of each.

Which tests there are is read from the task. Of what the lane says, each answer is taken for one outcome, its texts
bounded and cleaned; the lines it names are quoted from the files held here. A run that ended is replaced before the
next test, so that an endless loop or a crash costs one test.

Forbidden names are looked for and told, but not laid traps for: public tests may compare with the very functions that
the task forbids.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final

from grader import rules
from grader.public_judge import judgement, noted_lines
from grader.public_known import PYTEST
from grader.public_report import MOST_OF_A_MESSAGE, MOST_PRINTED, PublicCheck, PublicOutcome, PublicReport
from grader.public_tests import PublicTest, read_public_tests
from grader.record import quoted
from grader.report import clean
from grader.submission import Submission
from grader.task import Part, Task
from grader.textfile import read_text
from sandbox.lane import Lane
from sandbox.limits import Outcome, Returned
from sandbox.request import Request
from sandbox.run import Run

INSIDE: Final = "forwardpass_public"
#: The other steps before the first test.
BEGIN, SEARCH, CODE, TESTS = "begin", "search", "code", "tests"
#: Public tests look the same each time.
SEED: Final = 0
#: How many walls all tests together may take: more, and the rest is not run.
MOST_WALLS: Final = 4
#: An honest answer to one of these calls is None.
ANSWER_MB: Final = 1


@dataclass(frozen=True)
class PublicJob:
    """What is to be run on which code.

    Attributes:
        entries: those of the parts asked for, for which forbidden names are looked for.
    """

    task: Task
    source: bytes
    tests: tuple[PublicTest, ...]
    test_source: str
    entries: tuple[str, ...]

    @cached_property
    def source_lines(self) -> list[str]:
        """The candidate's file."""
        return self.source.decode("utf-8-sig", "replace").splitlines()

    @cached_property
    def test_lines(self) -> list[str]:
        """The public tests."""
        return self.test_source.splitlines()

    @classmethod
    def of(cls, task: Task, submission: Submission, parts: tuple[Part, ...]) -> PublicJob:
        """The tests of these parts, and those that belong to no part.

        Raises:
            TaskError: the public tests are missing, or cannot be run in a lane.
        """
        text = read_text(task.public_tests)
        elsewhere = {part.test_class for part in task.parts} - {part.test_class for part in parts}
        tests = tuple(test for test in read_public_tests(task.public_tests, text) if test.of not in elsewhere)
        return cls(task, submission.source, tests, text, tuple(part.entry for part in parts))


def run_public_tests(lane: Lane, job: PublicJob) -> PublicReport:
    """Run them in this lane.

    Raises:
        SandboxError: the lane failed.
    """
    started = time.monotonic()
    with lane.limited(wall_s=job.task.wall_s, memory_mb=job.task.memory_mb, answer_mb=ANSWER_MB):
        desk = _PublicDesk(lane, job)
        try:
            checks = tuple(desk.checks())
        finally:
            desk.close()
    notes = tuple(map(clean, desk.notes))
    return PublicReport(checks, notes, clean(desk.printed), (time.monotonic() - started) * 1e3)


class _PublicDesk:
    """The tests of one job being run: the run they are in, and what was noted and printed."""

    def __init__(self, lane: Lane, job: PublicJob) -> None:
        self.notes: list[str] = []
        self.printed = ""
        self._lane, self._job = lane, job
        self._run: Run | None = None
        self._hopeless: PublicCheck | None = None
        self._searched = not job.task.forbid
        self._give_up_at = time.monotonic() + MOST_WALLS * lane.limits.wall_s

    def checks(self) -> Iterator[PublicCheck]:
        """What came of each test."""
        for test in self._job.tests:
            yield replace(self._check(test), name=test.name, says=test.says)

    def close(self) -> None:
        """End the run."""
        if self._run is not None:
            self._run.close()

    def _check(self, test: PublicTest) -> PublicCheck:
        if self._hopeless is None and time.monotonic() > self._give_up_at:
            self._hopeless = PublicCheck("", "", PublicOutcome.TIMEOUT, "not run: the tests before took too long")
        run = self._living()
        if self._hopeless:
            return self._hopeless
        return self._judged(run.ask(Request.call(INSIDE, "run", (test.of, test.function, test.case))))

    def _living(self) -> Run:
        """A run with everything loaded, unless it is known that this cannot be."""
        if self._run is None:
            self._run = self._lane.run()
            self._load(self._run)
        elif not (self._run.alive or self._hopeless):
            self._run, before = self._lane.run(), self.printed
            self._load(self._run)
            self.printed = before  # what the code prints when it is loaded was kept the first time
        return self._run

    def _load(self, run: Run) -> None:
        """Load everything, one after the other up to what fails.

        What the search finds is believed because it is answered before candidate code is there.
        """
        steps = self._steps()
        run.ask_ahead(list(steps.values()))
        for step, outcome in zip(steps, run.answers(), strict=False):  # a run that ends answers no more
            if step == SEARCH and isinstance(outcome, Returned):
                self._searched = True
                self.notes += _sentences(outcome.value)
            elif (check := self._judged(outcome)).outcome is not PublicOutcome.PASSED:
                self._hopeless = check
                self.notes.append(_why(step, check))
                return

    def _steps(self) -> dict[str, Request]:
        """What comes before the first test, in order. The code is loaded first: in a lane it has no pytest either."""
        task, entries = self._job.task, list(self._job.entries)
        search = Request.call(rules.HELPER, "findings", (self._job.source, list(task.forbid), entries))
        return {
            BEGIN: Request.begin(SEED, self._lane.limits.memory_mb),
            **({} if self._searched else {SEARCH: search}),
            CODE: Request.load("solution", self._job.source),
            PYTEST: Request.load(PYTEST, _own_source("public_pytest.py"), shown=False),
            INSIDE: Request.load(INSIDE, _own_source("public_inside.py"), shown=False),
            TESTS: Request.call(INSIDE, "load", (self._job.test_source,)),
        }

    def _judged(self, outcome: Outcome) -> PublicCheck:
        """What one answer comes to, with the lines it names as they stand in the files held here."""
        self.printed += getattr(outcome, "printed", "")[: MOST_PRINTED - len(self.printed)]
        kind, message = judgement(outcome)
        lines = quoted(self._job.source_lines, [number for number, _ in getattr(outcome, "lines", ())])
        at = quoted(self._job.test_lines, noted_lines(getattr(outcome, "notes", ())))
        return PublicCheck("", "", kind, clean(message)[:MOST_OF_A_MESSAGE], lines, at[0] if at else None)


def _sentences(found: Any) -> list[str]:
    """What to say of the forbidden names that were found, each once."""
    return list(dict.fromkeys(rules.sentence(line, name) for entry in found.values() for line, name in entry))


def _why(step: str, check: PublicCheck) -> str:
    """Why nothing could be run."""
    what = "the public tests" if step in (PYTEST, INSIDE, TESTS) else "the code"
    line = check.test_line if step == TESTS else check.lines[-1] if check.lines else None
    where = f"line {line[0]}: " if line else ""
    return f"{what} cannot be loaded: {where}{check.message}"


@cache
def _own_source(name: str) -> str:
    """A module of ours that is shipped into the lane."""
    return Path(__file__).with_name(name).read_text(encoding="utf-8")
