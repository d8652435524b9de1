"""Tests of what is told of public tests, as values."""

from __future__ import annotations

import json

from grader.public_report import PublicCheck, PublicOutcome, PublicReport

FAILED = PublicCheck("TestA.test_b", "Why.", PublicOutcome.FAILED, "1 == 2", ((3, "return 1"),), (9, "assert f() == 2"))
PASSED = PublicCheck("test_a", "It works.", PublicOutcome.PASSED)
SKIPPED = PublicCheck("test_c", "", PublicOutcome.SKIPPED, "triton is not installed here")


def test_passed_unless_something_is_to_be_mended() -> None:
    """What is skipped does not count against the code."""
    assert PublicReport((PASSED, SKIPPED)).passed
    assert not PublicReport((PASSED, FAILED)).passed


def test_json() -> None:
    """Plain values, cleaned."""
    values = json.loads(json.dumps(PublicReport((FAILED, PASSED), ("a\x1b",), "b\x00", 1.5).to_json()))
    assert values == {
        "format": 1,
        "passed": False,
        "checks": [
            {
                "name": "TestA.test_b",
                "says": "Why.",
                "outcome": "failed",
                "message": "1 == 2",
                "lines": [[3, "return 1"]],
                "test_line": [9, "assert f() == 2"],
            },
            {"name": "test_a", "says": "It works.", "outcome": "passed", "message": "", "lines": [], "test_line": None},
        ],
        "notes": ["a\ufffd"],
        "printed": "b\ufffd",
        "elapsed_ms": 1.5,
    }
