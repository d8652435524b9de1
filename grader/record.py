"""What the examiner streams about one submission, counted against the tests that had to be run."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Final

from grader.desk import ExaminerFault, Message, Template
from grader.report import Check, PartReport
from grader.score import part_points, part_verdict
from grader.task import Part
from grader.verdict import Verdict

#: A line of code may be as long as the file; this much of it is shown.
MOST_OF_A_LINE: Final = 200

OnCheck = Callable[[str, Check], None]


class Record:
    """Collects what the examiner streams, and counts it against the tests that had to be run."""

    def __init__(self, template: Template, parts: tuple[Part, ...], source: bytes, on_check: OnCheck | None) -> None:
        self._expected = {p.id: [name for cls, name, _ in template.tests if cls == p.test_class] for p in parts}
        self._checks: dict[str, list[Check]] = {part.id: [] for part in parts}
        self._ends: dict[str, Message] = {}
        self._source = source.decode("utf-8-sig", "replace").splitlines()
        self._on_check = on_check

    def add(self, message: Message) -> None:
        """Take one message: a check's result, or the end of a part."""
        if "check" in message:
            check = self._rebuilt(message["check"])
            self._checks[message["of"]].append(check)
            if self._on_check:
                self._on_check(message["of"], check)
        else:
            self._ends[message["part"]] = message

    def part_report(self, part: Part) -> PartReport:
        """The report of one part.

        Raises:
            ExaminerFault: a test that had to be run was not, or was run twice.
        """
        checks, end = self._checks[part.id], self._ends.get(part.id)
        if end is None or [check.name for check in checks] != self._expected[part.id] or not checks:
            raise ExaminerFault(f"{part.id}: {len(checks)} of {len(self._expected[part.id])} checks were judged")
        verdicts = [check.verdict for check in checks]
        verdict = part_verdict(verdicts)
        unjudged = end["unjudged"]  # counts for nothing, neither earned nor missed
        return PartReport(
            id=part.id,
            entry=part.entry,
            verdict=verdict,
            points=0 if unjudged else part_points(part.points, verdicts),
            max_points=0 if unjudged else part.points,
            checks=tuple(checks),
            notes=(*end["notes"], *self._notes(part, verdict, unjudged)),
            cpu_ms=end["cpu_ms"],
            peak_mb=end["peak_mb"],
        )

    def _notes(self, part: Part, verdict: Verdict, unjudged: str) -> list[str]:
        return [f"not judged here: {unjudged}"] if unjudged else self._absent(part) if verdict.is_failure else []

    def _absent(self, part: Part) -> list[str]:
        """Says so if the code does not even name what the part asks for; searched, for parsing it here is not safe."""
        named = any(re.search(rf"\b{part.entry}\b", line) for line in self._source)
        return [] if named else [f"there is no {part.entry} in the code"]

    def _rebuilt(self, raw: Message) -> Check:
        """A check with the text of the candidate's lines taken from the file we hold, not from the lane."""
        lines = quoted(self._source, [number for number, _ in raw["lines"]])
        return replace(Check(**raw), verdict=Verdict(raw["verdict"]), lines=lines)


def quoted(source: Sequence[str], numbers: Iterable[int]) -> tuple[tuple[int, str], ...]:
    """These lines of `source` with their numbers, as far as there are such; those of a recursion once."""
    known = [number for number in dict.fromkeys(numbers) if 0 < number <= len(source)]
    return tuple((number, source[number - 1].strip()[:MOST_OF_A_LINE]) for number in known)
