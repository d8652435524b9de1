"""A seed decides everything: with the same one a report is the same, with another one the inputs are others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from grader.check import trivial
from grader.check.evidence import Evidence, Trial
from grader.check.finding import Finding
from grader.report import Report, to_json, without_timings
from grader.task import Task


def jobs(task: Task) -> Iterator[Trial]:
    """The trivial answers on their seeds, and each of them a second time on the first.

    They are what can tell, because the report of a failed check quotes what was expected.
    """
    trials = list(trivial.jobs(task))
    yield from trials
    yield from (replace(trial, again=True) for trial in trials if trial.seed == trivial.SEEDS[0])


def findings(task: Task, evidence: Evidence) -> Iterator[Finding]:
    """Parts whose reports differ where they must not, or are the same whatever the seed."""
    trials = list(trivial.jobs(task))
    firsts = [trial for trial in trials if trial.seed == trivial.SEEDS[0]]
    for part in task.parts:
        said = {trial: _said(evidence.of(trial), part.id) for trial in trials}
        again = {trial: _said(evidence.of(replace(trial, again=True)), part.id) for trial in firsts}
        if names := sorted({name for trial in firsts for name in _differing(said[trial], again[trial])}):
            problem = f"two gradings with one seed differ ({', '.join(names)})"
            yield Finding(part.id, problem, "draw inputs from `rng` alone")
        elif all(said[trial] == said[replace(trial, seed=trivial.SEEDS[0])] for trial in trials):
            yield Finding(part.id, "the inputs are the same on every seed", "draw some of them from `rng`")


def _said(report: Report, part_id: str) -> dict[str, Any]:
    """What a report says of each check of a part, timings apart."""
    parts = without_timings(to_json(report))["parts"]
    return {check["name"]: check for part in parts if part["id"] == part_id for check in part["checks"]}


def _differing(one: dict[str, Any], other: dict[str, Any]) -> set[str]:
    return {name for name in one if one[name] != other[name]}
