"""Every hidden test catches something: a mutant or a trivial answer fails it."""

from __future__ import annotations

from collections.abc import Iterator

from grader.check import mutants, trivial
from grader.check.evidence import Evidence, Trial, parts_of
from grader.check.finding import Finding
from grader.check.hidden import function_of, tests_of
from grader.task import Task


def jobs(task: Task) -> Iterator[Trial]:
    """Every wrong answer there is."""
    yield from mutants.jobs(task)
    yield from trivial.jobs(task)


def findings(task: Task, evidence: Evidence) -> Iterator[Finding]:
    """Tests that nothing fails; the cases of a parametrised one count together."""
    classes = {part.id: part.test_class for part in task.parts}
    killing = {
        (classes[part.id], function_of(check.name))
        for _, part in parts_of(evidence, jobs(task))
        for check in part.checks
        if check.verdict.is_failure
    }
    for test in tests_of(task):
        if (test.of, test.name) not in killing:
            problem = f"{test} is passed by every mutant and every trivial answer"
            yield Finding(test.where, problem, "add the mutant it is there to catch, make it stricter, or delete it")
