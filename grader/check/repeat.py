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


def jobs(task: Task) -> Iterator[Trial]:
    """The trivial answers on their seeds, and some of them a second time on the first.

    They are what can tell, because the report of a failed check quotes what was expected.
    """
    yield from trivial.jobs(task)
    yield from (replace(trial, again=True) for trial in _repeated(task))


def findings(task: Task, evidence: Evidence) -> Iterator[Finding]:
    """Parts whose reports differ where they must not, or are the same whatever the seed."""
    trials = list(trivial.jobs(task))
    repeated = _repeated(task)
    for part in task.parts:
        said = {trial: _said(evidence.of(trial), part.id) for trial in trials}
        again = {trial: _said(evidence.of(replace(trial, again=True)), part.id) for trial in repeated}
        if names := sorted({name for trial in repeated for name in _differing(said[trial], again[trial])}):
            problem = f"two gradings with one seed differ ({', '.join(names)})"
            yield Finding(part.id, problem, "draw inputs from `rng` alone")
        elif all(said[trial] == said[replace(trial, seed=trivial.SEEDS[0])] for trial in trials):
            yield Finding(part.id, "the inputs are the same on every seed", "draw some of them from `rng`")


def _repeated(task: Task) -> list[Trial]:
    return [trial for trial in trivial.jobs(task) if trial.seed == trivial.SEEDS[0] and trial.tamper in REPEATED]


def _said(report: Report, part_id: str) -> dict[str, Any]:
    """What a report says of each check of a part, timings apart."""
    parts = without_timings(to_json(report))["parts"]
    return {check["name"]: check for part in parts if part["id"] == part_id for check in part["checks"]}


def _differing(one: dict[str, Any], other: dict[str, Any]) -> set[str]:
    return {name for name in one if one[name] != other[name]}
