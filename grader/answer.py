"""A right answer kept with a task beside the reference, written apart from it and in another style."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

from grader.source import parse_python
from grader.textfile import TaskError, read_text


@dataclass(frozen=True)
class Answer:
    """A whole submission that has to pass. `style` says in a sentence what sets it apart."""

    path: Path
    source: str
    style: str


def load_answer(path: Path) -> Answer:
    """Read one right answer.

    Raises:
        TaskError: the file is not Python, or it has no docstring.
    """
    source = read_text(path)
    style = ast.get_docstring(parse_python(path, source))
    if not style:
        raise TaskError(path, "no docstring: name the style in one sentence", 1)
    return Answer(path, source, style)
