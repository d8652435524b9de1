"""Tests of what the end of a call means for a public test."""

from __future__ import annotations

import pytest

from grader.public_judge import judgement, noted_lines
from sandbox.limits import BrokeProtocol, Died, Outcome, OutOfMemory, Raised, Returned, TimedOut


@pytest.mark.parametrize(
    ("outcome", "kind", "message"),
    [
        (Returned(None), "passed", ""),
        (Returned(0), "error", "something other than an answer came"),
        (Raised(("AssertionError", "Exception"), ""), "failed", "the assertion does not hold"),
        (Raised(("AssertionError", "Exception"), "1 == 2"), "failed", "1 == 2"),
        (Raised(("Failed", "AssertionError"), "did not raise"), "failed", "did not raise"),
        (Raised(("Mine", "AssertionError"), "1 == 2"), "failed", "Mine: 1 == 2"),
        (Raised(("KeyError", "Exception"), "'a'"), "error", "KeyError: 'a'"),
        (Raised(("NotImplementedError", "Exception"), ""), "error", "NotImplementedError"),
        (Raised(("Skipped", "BaseException"), "no triton"), "skipped", "no triton"),
        (TimedOut(2.0), "timeout", "still running after 2 s, and ended; what it printed is lost"),
        (OutOfMemory(), "memory", "more memory than allowed"),
        (OutOfMemory("killed"), "memory", "more memory than allowed: killed"),
        (Died(-11), "died", "the process ended by itself: signal 11"),
        (Died(3), "died", "the process ended by itself: exit status 3"),
        (BrokeProtocol("not a frame"), "error", "something other than an answer was sent: not a frame"),
    ],
)
def test_every_end_of_a_call_is_an_outcome(outcome: Outcome, kind: str, message: str) -> None:
    """A wrong answer failed, an exception nobody expected is an error, and so is what is no answer."""
    assert judgement(outcome) == (kind, message)


def test_noted_lines_that_are_no_numbers_are_left_out() -> None:
    """A lane can note anything."""
    assert noted_lines(("at\t12", "at\t²", "at\t-1", "at\t" + "9" * 99, "forbidden\t3\tx", "at")) == [12]
