from __future__ import annotations

from pathlib import Path

import pytest

from grader.statement import Statement, split_statement
from grader.textfile import TaskError


def split(text: str) -> Statement:
    return split_statement(Path("statement.md"), text)


def test_cut_at_headings() -> None:
    """A statement falls into title, introduction and sections; deeper headings stay in their section."""
    got = split("\n# Title \n\nWhy.\n\n## a\n\nOne.\n\n### more\n\n## b-c\nTwo.\n")
    assert got == Statement("Title", "Why.", {"a": "One.\n\n### more", "b-c": "Two."})


@pytest.mark.parametrize("fence", ["```", "~~~~"])
def test_code_blocks_hold_no_headings(fence: str) -> None:
    """A comment in a code block is no heading, whatever shorter or other fence the block shows."""
    got = split(f"# Title\n## a\n{fence}python\n# no\n## no\n``\n{fence}python\n## no\n{fence}\n## b\n")
    assert list(got.sections) == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("", 1, "title"),
        ("Words.\n# Title\n", 1, "title"),
        ("## a\n", 1, "title"),
        ("# Title\n## a\n## a\n", 3, "a second section 'a'"),
        ("# Title\n## a\n# Other\n", 3, "a second title 'Other'"),
    ],
)
def test_refused(text: str, line: int, message: str) -> None:
    """A statement without a title, or with a heading twice, is refused at its line."""
    with pytest.raises(TaskError, match=message) as caught:
        split(text)
    assert caught.value.line == line
