"""What a task says in English it says in Russian: sections with as many code blocks, each really in Russian."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from grader.check.finding import Finding, line_of
from grader.statement import FENCE, Statement, split_statement
from grader.task import Task
from grader.textfile import read_text

CYRILLIC: Final = re.compile("[А-Яа-яЁё]")
#: The key under which what stands above the first section is compared.
TOP: Final = ""


def findings(task: Task) -> Iterator[Finding]:
    """Sections whose code blocks differ in number, and Russian texts without Russian."""
    yield from _compare(task, "statement")
    yield from _compare(task, "interviewer")


def _compare(task: Task, kind: str) -> Iterator[Finding]:
    file = f"{kind}.ru.md"
    russian = read_text(task.folder / file)
    ours = _bodies(split_statement(task.folder / f"{kind}.md", read_text(task.folder / f"{kind}.md")))
    theirs = _bodies(split_statement(task.folder / file, russian))
    for name, other in _pairs(ours, theirs):
        where = file + line_of(russian, f"## {other}" if other else "# ")
        if (wanted := _blocks(ours[name])) != (got := _blocks(theirs[other])):
            yield Finding(where, f"{got} code blocks here, {wanted} in English", "translate the whole section")
    for name, body in theirs.items():
        if not CYRILLIC.search(body):
            where = file + line_of(russian, f"## {name}" if name else "# ")
            yield Finding(where, "not a word of Russian", "translate it")


def _bodies(text: Statement) -> dict[str, str]:
    """What is compared: title and introduction together, then each section."""
    return {TOP: f"{text.title}\n{text.introduction}", **text.sections}


def _pairs(ours: dict[str, str], theirs: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Sections that say the same: of one name, as a statement's, or in one place, as the notes'."""
    for name, other in zip(ours, theirs, strict=False):
        yield name, name if name in theirs else other


def _blocks(body: str) -> int:
    return sum(1 for line in body.split("\n") if FENCE.match(line)) // 2
