"""The public tests can be run for the candidate too: in a lane, where a small stand-in is all there is of pytest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from grader.check.evidence import Evidence
from grader.check.finding import Finding, from_error
from grader.grade import Grader
from grader.public_report import CONTENT, PublicReport
from grader.submission import Submission
from grader.task import Task
from grader.textfile import TaskError

FILE = "test_public.py"


@dataclass(frozen=True)
class LaneRun:
    """The public tests on some answer, in a lane."""

    source: str
    name: str = f"{FILE} in a lane"

    def run(self, grader: Grader, task: Task) -> PublicReport | Finding:
        """What came of it, or why it cannot be tried.

        Raises:
            SystemFailure: the lanes failed.
        """
        try:
            return grader.run_public(task, Submission("reference.py", self.source.encode()))
        except TaskError as error:
            return from_error(task.folder, error)


def jobs(task: Task) -> Iterator[LaneRun]:
    """The reference."""
    yield LaneRun(task.reference)


def findings(task: Task, evidence: Evidence) -> Iterator[Finding]:
    """Something the stand-in does not know, or a test that the reference passes only elsewhere."""
    (run,) = jobs(task)
    came = evidence.of(run)
    if isinstance(came, Finding):
        yield came
        return
    for check in came.checks:
        if check.outcome not in CONTENT:
            where = f"{FILE}:{check.test_line[0]}" if check.test_line else f"{FILE}, {check.name}"
            said = check.message.split("\n")[0]
            problem = f"the reference does not pass this in a lane, where candidates run it: {check.outcome}: {said}"
            yield Finding(where, problem, "use only torch, numpy and the standard library there")
