"""Every part refuses every trivial answer put in place of the right one: zeros, ones, NaN, the input and so on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from grader.check.evidence import Evidence, Trial, parts_of
from grader.check.finding import Finding
from grader.report import PartReport
from grader.tamper import CHANGED, NAMES
from grader.task import Task

ROUNDING: Final = "bfloat16"
#: How a trivial answer is named in a sentence.
CALLED: Final = {"nan": "NaN", "input": "its input", "previous": "the previous answer", ROUNDING: "bfloat16 rounding"}


def jobs(task: Task) -> Iterator[Trial]:
    """The reference with its results replaced, by each trivial answer in turn."""
    source = task.reference
    for name in NAMES:
        yield Trial(f"reference.py as {CALLED.get(name, name)}", source, tamper=name, together=True)


def findings(task: Task, evidence: Evidence) -> Iterator[Finding]:
    """Parts that pass although their results were replaced.

    Rounding that changes nothing, say of a boolean mask, leaves the right answer, which has to pass. The other answers
    can always be told from the right one by some test, unless a part returns nothing but texts.
    """
    reports = list(parts_of(evidence, jobs(task)))
    replaceable = {part.id for _, part in reports if _is_changed(part)}
    passed = [
        (part.id, CALLED.get(trial.tamper, trial.tamper))
        for trial, part in reports
        if not part.verdict.is_failure and (part.id in replaceable if trial.tamper != ROUNDING else _is_changed(part))
    ]
    for part_id, called in dict.fromkeys(passed):
        problem = f"part {part_id!r} is passed by {called} in place of every result"
        yield Finding(part_id, problem, "check values more tightly, or call twice with one shape and other values")


def _is_changed(part: PartReport) -> bool:
    """Whether the trivial answer differed from the right one anywhere."""
    return any(check.measured.get(CHANGED) for check in part.checks)
