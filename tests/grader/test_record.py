"""Tests of the examiner's stream, counted against the tests that had to be run."""

from __future__ import annotations

import socket
from dataclasses import asdict
from typing import Any

import pytest

from grader.desk import ExaminerFault, Template
from grader.record import Record, quoted
from grader.report import Check
from grader.schema import Level, Part
from grader.verdict import Verdict

PART = Part("double", "double", Level("junior"), 5, (0,))
TESTS = (("TestDouble", "test_a", "A."), ("TestDouble", "test_b", "B."), ("TestOther", "test_a", "A."))
END = {"part": "double", "notes": [], "cpu_ms": 1.0, "peak_mb": 2.0, "budgets_used": [], "unjudged": ""}


def message(name: str, verdict: Verdict = Verdict.PASS, lines: list[Any] | None = None) -> dict[str, Any]:
    return {"check": asdict(Check(name, verdict)) | {"lines": lines or []}, "of": "double"}


def record(*messages: dict[str, Any], source: bytes = b"one\ntwo\n") -> Record:
    made = Record(Template(socket.socket(), TESTS), (PART,), source, None)
    for each in messages:
        made.add(each)
    return made


def test_a_part_whose_tests_all_reported_is_scored() -> None:
    """Every expected test, once, in order."""
    part = record(message("test_a"), message("test_b"), END).part_report(PART)
    assert (part.verdict, part.points) == (Verdict.PASS, 5)


@pytest.mark.parametrize(
    "messages",
    [
        (message("test_a"), END),
        (message("test_a"), message("test_a"), message("test_b"), END),
        (message("test_b"), message("test_a"), END),
        (message("test_a"), message("test_b")),
        (END,),
    ],
)
def test_a_missing_or_repeated_result_is_our_fault(messages: tuple[dict[str, Any], ...]) -> None:
    """A test that did not report is never taken for a pass, nor for a failure."""
    with pytest.raises(ExaminerFault):
        record(*messages).part_report(PART)


def test_a_part_that_was_not_judged_counts_for_nothing() -> None:
    """Neither earned nor missed, and the report says why."""
    unjudged = message("test_a", Verdict.NOT_MEASURED), message("test_b", Verdict.NOT_MEASURED)
    part = record(*unjudged, END | {"unjudged": "needs a GPU"}).part_report(PART)
    assert (part.verdict, part.points, part.max_points) == (Verdict.NOT_MEASURED, 0, 0)
    assert part.notes == ("not judged here: needs a GPU",)


def test_a_lines_text_comes_from_the_submission_we_hold() -> None:
    """Whatever the lane says stands there; lines outside the file are dropped."""
    failed = message("test_a", Verdict.EXCEPTION, [[2, "a secret"], [99, "nowhere"]])
    assert record(failed, message("test_b"), END).part_report(PART).checks[0].lines == ((2, "two"),)


def test_lines_of_a_recursion_are_quoted_once() -> None:
    """A line that stands in a traceback twenty times is read once, and one that is not in the file never."""
    assert quoted(["one", "two"], [1, 2, 2, 2, 1, 3]) == ((1, "one"), (2, "two"))
