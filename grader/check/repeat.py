"""A seed decides everything: with the same one a report is the same, with another one the inputs are others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from grader.check import trivial
from grader.check.evidence import Evidence, Trial
from grader.check.finding import Finding
from grader.report import Report, to_json, without_timings
from grader.task import Task

#: Two that fail in different places: between them they quote nearly every expected value.
REPEATED: Final = ("zeros", "ones")
#: Those that give other failures, or change another share of the answer, where inputs are others.
RESEEDED: Final = ("ones", "previous", trivial.ROUNDING)
OTHER_SEED: Final = 2


def jobs(task: Task) -> Iterator[Trial]:
    """Trivial answers, some of them a second time and some on another seed.

    They are what can tell, because the report of a failed check quotes what was expected.
    """
    for pair in (*_repeated(task), *_reseeded(task)):
        yield from pair


def findings(task: Task, evidence: Evidence) -> Iterator[Finding]:
    """Parts whose reports differ where they must not, or are the same whatever the seed."""
    for part in task.parts:
        if names := sorted(set().union(*(_differing(evidence, pair, part.id) for pair in _repeated(task)))):
            problem = f"two gradings with one seed differ ({', '.join(names)})"
            yield Finding(part.id, problem, "draw inputs from `rng` alone")
        elif not any(_differing(evidence, pair, part.id) for pair in _reseeded(task)):
            yield Finding(part.id, "the inputs are the same on every seed", "draw some of them from `rng`")


def _repeated(task: Task) -> list[tuple[Trial, Trial]]:
    return [(trial, replace(trial, again=True)) for trial in trivial.jobs(task) if trial.tamper in REPEATED]


def _reseeded(task: Task) -> list[tuple[Trial, Trial]]:
    return [(trial, replace(trial, seed=OTHER_SEED)) for trial in trivial.jobs(task) if trial.tamper in RESEEDED]


def _differing(evidence: Evidence, pair: tuple[Trial, Trial], part_id: str) -> set[str]:
    """The checks of a part that two reports say something else of."""
    one, other = (_said(evidence.of(trial), part_id) for trial in pair)
    return {name for name in one if one[name] != other[name]}


def _said(report: Report, part_id: str) -> dict[str, Any]:
    """What a report says of each check of a part, timings apart."""
    parts = without_timings(to_json(report))["parts"]
    return {check["name"]: check for part in parts if part["id"] == part_id for check in part["checks"]}
