"""Tests of what a terminal gets of public tests."""

from __future__ import annotations

import io

from rich.console import Console

from grader.public_render import render_public
from grader.public_report import PublicReport
from tests.grader.test_public_report import FAILED, PASSED, SKIPPED


def shown(report: PublicReport) -> str:
    """What a terminal gets."""
    stream = io.StringIO()
    render_public(report, "s.py", Console(file=stream, width=100))
    return stream.getvalue()


def test_shown() -> None:
    """How many passed, and of each other test what it says, where it failed and what came of it."""
    text = shown(PublicReport((PASSED, FAILED, SKIPPED), ("line 2 uses x",), "hello\n"))
    lines = [line.rstrip() for line in text.splitlines()]
    assert lines == [
        "1 of 3 public tests passed, 1 failed, 1 skipped, submission s.py",
        "  line 2 uses x",
        "TestA.test_b: failed",
        "  Why.",
        "  1 == 2",
        "    line 3: return 1",
        "    test_public.py, line 9: assert f() == 2",
        "test_c: skipped",
        "  triton is not installed here",
        "printed:",
        "  hello",
    ]


def test_the_same_is_shown_once() -> None:
    """A file that cannot be loaded fails every test in the same way."""
    text = shown(PublicReport((FAILED, FAILED)))
    assert text.count("1 == 2") == 1
    assert "TestA.test_b: failed, in the same way" in text
