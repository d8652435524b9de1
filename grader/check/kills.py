"""Every hidden test catches something: a mutant or a trivial answer fails it.

What a test needs a GPU for it can catch only where there is one, so elsewhere nothing is found about it.
"""

from __future__ import annotations

from collections.abc import Iterator

from grader.check import mutants, trivial
from grader.check.evidence import Evidence, Trial, parts_of
from grader.check.finding import Finding
from grader.check.hidden import function_of, tests_of
from grader.report import Check
from grader.task import Task
from grader.verdict import NEEDS_GPU, Verdict


def jobs(task: Task) -> Iterator[Trial]:
    """Every wrong answer there is."""
    yield from mutants.jobs(task)
    yield from trivial.jobs(task)


def findings(task: Task, evidence: Evidence) -> Iterator[Finding]:
    """Tests that nothing fails; the cases of a parametrised one count together."""
    classes = {part.id: part.test_class for part in task.parts}
    trials = [*trivial.jobs(task), *mutants.jobs(task)]
    killing = {
        (classes[part.id], function_of(check.name))
        for _, part in parts_of(evidence, trials)
        for check in part.checks
        if _caught(check, task) or check.detail == NEEDS_GPU
    }
    for test in tests_of(task):
        if (test.of, test.name) not in killing:
            problem = f"{test} is passed by every mutant and every trivial answer"
            yield Finding(test.where, problem, "add the mutant it is there to catch, make it stricter, or delete it")


def _caught(check: Check, task: Task) -> bool:
    """Whether the test itself caught something: not where a forbidden name or earlier timeouts kept it from running."""
    if check.verdict is Verdict.TIMEOUT:
        return check.time_ms >= min(task.wall_s, mutants.HANGING_S) * 1e3
    return check.verdict.is_failure and check.verdict is not Verdict.FORBIDDEN
