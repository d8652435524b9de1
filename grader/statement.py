"""A task's statement cut into its title, its introduction and one section a part."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from grader.textfile import TaskError

FENCE: Final = re.compile(r" {0,3}(`{3,}|~{3,})(.*)")
HEADING: Final = re.compile(r"(#{1,2})\s+(.*?)\s*$")


@dataclass(frozen=True)
class Statement:
    """What a candidate reads; `sections` holds the text below each `## heading`, by that heading."""

    title: str
    introduction: str
    sections: dict[str, str]


def split_statement(path: Path, text: str) -> Statement:
    """Cut a statement at its headings; what looks like one inside a code block is text.

    Raises:
        TaskError: it does not start with `# title`, or two headings are the same.
    """
    lines = text.split("\n")
    heads = list(_headings(lines))
    if not heads or heads[0][1:2] != (1,) or any(line.strip() for line in lines[: heads[0][0]]):
        raise TaskError(path, 'must start with its title: "# Title"', 1)
    ends = [index for index, _, _ in heads[1:]] + [len(lines)]
    bodies = ["\n".join(lines[head[0] + 1 : end]).strip() for head, end in zip(heads, ends, strict=True)]
    _refuse_repeats(path, heads[1:])
    sections = {name: body for (_, _, name), body in zip(heads[1:], bodies[1:], strict=True)}
    return Statement(heads[0][2], bodies[0], sections)


def _headings(lines: list[str]) -> Iterator[tuple[int, int, str]]:
    """The index, depth and text of every heading of depth 1 and 2."""
    fence = ""
    for index, line in enumerate(lines):
        mark = FENCE.match(line)
        if mark and fence:
            fence = "" if mark[1].startswith(fence) and not mark[2].strip() else fence
        elif mark:
            fence = mark[1]
        elif not fence and (head := HEADING.match(line)):
            yield index, len(head[1]), head[2]


def _refuse_repeats(path: Path, heads: list[tuple[int, int, str]]) -> None:
    seen: set[str] = set()
    for index, depth, name in heads:
        if depth == 1:
            raise TaskError(path, f"a second title {name!r}: use ## for a part", index + 1)
        if name in seen:
            raise TaskError(path, f"a second section {name!r}: keep one", index + 1)
        seen.add(name)
