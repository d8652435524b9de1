"""A statement has exactly one section a part, in the order of `task.toml`, in both languages."""

from __future__ import annotations

from collections.abc import Iterator

from grader.check.finding import Finding, line_of
from grader.task import LANGUAGES, Task


def findings(task: Task) -> Iterator[Finding]:
    """Sections that are missing, strange, empty or out of order."""
    for language in LANGUAGES:
        file = "statement.md" if language == "en" else f"statement.{language}.md"
        yield from _of_one(task, file, task.text("statement", language), task.statement(language))


def _of_one(task: Task, file: str, text: str, sections: dict[str, str]) -> Iterator[Finding]:
    wanted = [part.id for part in task.parts]
    for name in wanted:
        if name not in sections:
            yield Finding(file, f"no section for part {name!r}", f'add "## {name}"')
    for name, body in sections.items():
        where = file + line_of(text, f"## {name}")
        if name not in wanted:
            yield Finding(where, f"section {name!r} belongs to no part", "name it as its part, or use ### inside one")
        elif not body:
            yield Finding(where, f"section {name!r} is empty", "state what is asked")
    if set(wanted) == set(sections) and wanted != list(sections):
        yield Finding(file, "the sections are in another order than the parts", f"put them as {', '.join(wanted)}")
