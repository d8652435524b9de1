"""A mutant: a wrong answer kept with a task, with the verdict it must get and the misconception behind it."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from grader.source import parse_python
from grader.textfile import TaskError, did_you_mean, read_text
from grader.verdict import Verdict

#: The expectation that any failing verdict meets.
FAILS: Final = "fails"
EXPECTATIONS: Final = (FAILS, *(verdict.value for verdict in Verdict if verdict.is_failure))
FIRST_LINE: Final = re.compile(r"#\s*expect:\s*(\S.*)")


@dataclass(frozen=True)
class Mutant:
    """A wrong answer. `expects` holds, by part, an exact verdict or `fails`; every other part must pass."""

    name: str
    path: Path
    source: str
    expects: dict[str, str]
    misconception: str

    def graded_source(self, reference: str) -> str:
        """What is graded: the reference, then the definitions that this mutant puts in place of the right ones."""
        return f"{reference}\n\n{self.source}"


def load_mutant(path: Path, part_ids: Collection[str]) -> Mutant:
    """Read one mutant of a task that has these parts.

    Raises:
        TaskError: the first line is no expectation, it names an unknown part or verdict, the file is not Python,
            or it has no docstring.
    """
    source = read_text(path)
    expects = _expectations(path, source.partition("\n")[0], part_ids)
    misconception = ast.get_docstring(parse_python(path, source))
    if not misconception:
        raise TaskError(path, "no docstring: state the misconception in one sentence", 2)
    return Mutant(path.stem, path, source, expects, misconception)


def _expectations(path: Path, line: str, part_ids: Collection[str]) -> dict[str, str]:
    match = FIRST_LINE.fullmatch(line.strip())
    if match is None:
        raise TaskError(path, 'the first line must be "# expect: <part> <verdict>", with commas between several', 1)
    expects: dict[str, str] = {}
    for item in match[1].split(","):
        part, verdict = _expectation(path, item, part_ids)
        if part in expects:
            raise TaskError(path, f"part {part!r} is expected twice: keep one", 1)
        expects[part] = verdict
    return expects


def _expectation(path: Path, item: str, part_ids: Collection[str]) -> tuple[str, str]:
    words = item.split()
    if len(words) != 2:
        raise TaskError(path, f'"{item.strip()}" must be a part and a verdict, such as "softmax fails"', 1)
    part, verdict = words
    if part not in part_ids:
        raise TaskError(path, f"unknown part {part!r}: {did_you_mean(part, part_ids)}", 1)
    if verdict not in EXPECTATIONS:
        raise TaskError(path, f"unknown verdict {verdict!r}: {did_you_mean(verdict, EXPECTATIONS)}", 1)
    return part, verdict
