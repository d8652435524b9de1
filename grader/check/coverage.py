"""The question and all its follow-ups are answered, and enough wrong and right answers are kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from grader.check.finding import Finding
from grader.manifest import FOLLOW_UPS
from grader.table import line_of
from grader.task import ACCEPTED, MANIFEST, MUTANTS, Task
from grader.textfile import read_text

MIN_MUTANTS: Final = 8
MIN_ACCEPTED: Final = 2


def findings(task: Task) -> Iterator[Finding]:
    """Follow-ups nobody answers, a first part that answers something else, mutants and right answers too few."""
    yield from _questions(task)
    mutants = task.mutants()
    if len(mutants) < MIN_MUTANTS:
        fix = f"keep at least {MIN_MUTANTS}: misconceptions seen in the wild"
        yield Finding(MUTANTS, f"{len(mutants)} wrong answers", fix)
    for part in task.parts:
        if not any(part.id in mutant.expects for mutant in mutants):
            yield Finding(MUTANTS, f"none for part {part.id!r}", "add a wrong answer to it that people really give")
    if (count := len(task.accepted())) < MIN_ACCEPTED:
        fix = f"write at least {MIN_ACCEPTED} right answers apart from the reference, in other styles"
        yield Finding(ACCEPTED, f"{count} right answers", fix)


def _questions(task: Task) -> Iterator[Finding]:
    covered = {answer for part in task.parts for answer in part.answers}
    covered |= {discussion.follow_up for discussion in task.discussions}
    for number in range(1, FOLLOW_UPS + 1):
        if number not in covered:
            fix = "add it to a part's answers, or as a [[discussion]]"
            yield Finding(MANIFEST, f"follow-up {number} is not covered", fix)
    if 0 not in task.parts[0].answers:
        where = f"{MANIFEST}:{line_of(read_text(task.folder / MANIFEST), 'part', 0, 'answers')}"
        yield Finding(where, "the first part does not answer the question itself", "put 0 among its answers")
