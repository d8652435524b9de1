"""The interviewer's notes speak about the question and each of its follow-ups, in both languages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from grader.check.finding import Finding, line_of
from grader.manifest import FOLLOW_UPS
from grader.statement import split_statement
from grader.task import LANGUAGES, Task

WRITE: Final = "write what a strong answer says, and what a weak one does"
FIXES: Final = {"has no number": f"number it 0 to {FOLLOW_UPS}, as the follow-ups are", "is empty": WRITE}
NUMBERED: Final = re.compile(r"(\d+)\. \S")


def findings(task: Task) -> Iterator[Finding]:
    """Sections that are missing, strange, empty or out of order."""
    for language in LANGUAGES:
        file = "interviewer.md" if language == "en" else f"interviewer.{language}.md"
        yield from _of_one(task, file, task.text("interviewer", language))


def _of_one(task: Task, file: str, text: str) -> Iterator[Finding]:
    sections = split_statement(task.folder / file, text).sections
    numbers = {name: _number(name) for name in sections}
    for number in range(FOLLOW_UPS + 1):
        if number not in numbers.values():
            yield Finding(file, f'no section "## {number}. …"', WRITE)
    for name, body in sections.items():
        if problem := "has no number" if numbers[name] is None else "" if body else "is empty":
            yield Finding(file + line_of(text, f"## {name}"), f"section {name!r} {problem}", FIXES[problem])
    found = [number for number in numbers.values() if number is not None]
    if found != sorted(set(found)):
        yield Finding(file, f"the sections are numbered {found}", "have each number once, in order")


def _number(name: str) -> int | None:
    match = NUMBERED.match(name)
    return int(match[1]) if match and int(match[1]) <= FOLLOW_UPS else None
