"""The cases beside this file: one folder each, with a submission and the verdict it must get.

`expected.toml` says what is graded and what must come out; every key that is not listed here is refused:

    task = "q026-stable-softmax"    verdict = "fail"     of the whole report
    wall_s = 0.7                    one call's wall; the task's without it
    budgets = true                  measure budgets; off without it, and then what is measured is `not_measured`
    repeat = 4                      grade it so often: each time the verdict must be the same
    alone = true                    left out of the soak: it takes long, or races against itself

    [parts.softmax]                 a table for each part that is graded
    verdict = "exception"
    note_contains = "torch.softmax" some note of the part says so
    checks = { test_gradient = "exception" }

A submission must be as repeatable as its verdict: memory it leaves unset (`torch.empty`) may hold a NaN or not, and the
answer is `not_finite` one time and `wrong_value` the next.
"""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from grader.bank import Bank, default_root
from grader.grade import Grader, Options
from grader.report import PartReport, Report
from grader.score import ReportVerdict
from grader.submission import Submission, problem_of
from grader.task import Task
from grader.verdict import Verdict

HERE: Final = Path(__file__).parent
SEED: Final = 20


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What one part must come to."""

    verdict: Verdict
    note_contains: str = ""
    checks: Mapping[str, Verdict] = field(default_factory=dict)

    def differences(self, part: PartReport) -> list[str]:
        """In what a part's report is not as it must be."""
        found = {check.name: check.verdict for check in part.checks}
        wrong = [f"{name}: {found.get(name)}, not {verdict}" for name, verdict in self.checks.items()]
        wrong = [
            text for text, (name, verdict) in zip(wrong, self.checks.items(), strict=True) if found.get(name) != verdict
        ]
        if part.verdict != self.verdict:
            details = {f"{check.verdict}: {check.detail[:120]}" for check in part.checks if check.verdict.is_failure}
            wrong.append(f"{part.id}: {part.verdict}, not {self.verdict} {sorted(details)[:4]}")
        if not any(self.note_contains in note for note in ("", *part.notes)):
            wrong.append(f"{part.id}: no note says {self.note_contains!r}: {part.notes}")
        return wrong


@dataclass(frozen=True, kw_only=True)
class Case:
    """One folder."""

    name: str
    source: bytes
    task: str
    verdict: ReportVerdict
    parts: Mapping[str, Expected]
    wall_s: float | None = None
    budgets: bool = False
    repeat: int = 1
    alone: bool = False

    @property
    def submission(self) -> Submission:
        """The submission to grade."""
        return Submission(self.name, self.source)

    @property
    def light(self) -> bool:
        """Whether it is quick and steady enough to be graded again and again."""
        return not (self.alone or self.budgets or self.wall_s or self.repeat > 1)

    @property
    def options(self) -> Options:
        """How it is graded."""
        return Options(seed=SEED, parts=tuple(self.parts), budgets=self.budgets, wall_s=self.wall_s)

    def graded(self, grader: Grader) -> list[Report]:
        """The reports of all its gradings."""
        return [grader.grade(task_named(self.task), self.submission, self.options) for _ in range(self.repeat)]

    def differences(self, report: Report) -> list[str]:
        """In what a report is not as it must be."""
        wrong = [] if report.verdict == self.verdict else [f"report: {report.verdict}, not {self.verdict}"]
        return wrong + [text for part in report.parts for text in self.parts[part.id].differences(part)]


def task_named(name: str) -> Task:
    """A task of the bank that is installed."""
    return Bank(default_root()).by_id(name)


def all_cases() -> list[Case]:
    """Every case, by name."""
    return [load_case(path.parent) for path in sorted(HERE.glob("*/expected.toml"))]


def load_case(folder: Path) -> Case:
    """Read one folder.

    Raises:
        ValueError: it is not as a case must be.
    """
    source = (folder / "submission.py").read_bytes()
    problem = problem_of(folder.name, source)
    if problem or not ast.get_docstring(ast.parse(source.decode("utf-8-sig"))):
        raise ValueError(problem or f"{folder.name}: open submission.py with a docstring that says what it tries")
    data = tomllib.loads((folder / "expected.toml").read_text(encoding="utf-8"))
    parts = {name: _expected(folder, part) for name, part in data.pop("parts", {}).items()}
    try:
        return Case(name=folder.name, source=source, parts=parts, verdict=ReportVerdict(data.pop("verdict")), **data)
    except (TypeError, KeyError) as error:
        raise ValueError(f"{folder.name}: expected.toml: {error}") from error


def _expected(folder: Path, data: dict[str, Any]) -> Expected:
    try:
        checks = {name: Verdict(verdict) for name, verdict in data.pop("checks", {}).items()}
        return Expected(verdict=Verdict(data.pop("verdict")), checks=checks, **data)
    except (TypeError, KeyError) as error:
        raise ValueError(f"{folder.name}: expected.toml: {error}") from error
