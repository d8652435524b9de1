"""What the end of a call into the lane means for the public test that made it."""

from __future__ import annotations

from typing import Final

from grader.public_report import PublicOutcome
from sandbox.limits import BrokeProtocol, Died, Outcome, OutOfMemory, Raised, Returned, TimedOut

#: An assertion without a text of its own.
UNTOLD: Final = "the assertion does not hold"
#: What fails a test plainly; anything else is told with its name.
ASSERTIONS: Final = frozenset({"AssertionError", "Failed"})


def judgement(outcome: Outcome) -> tuple[PublicOutcome, str]:
    """The outcome of a test, and what is said of it."""
    match outcome:
        case Returned(value):
            fine = value is None
            return (PublicOutcome.PASSED, "") if fine else (PublicOutcome.ERROR, "something other than an answer came")
        case Raised(types, message):
            return _raised(types, message)
        case TimedOut(wall_s):
            return PublicOutcome.TIMEOUT, f"still running after {wall_s:g} s, and ended; what it printed is lost"
        case OutOfMemory(detail):
            return PublicOutcome.MEMORY, f"more memory than allowed: {detail}".strip(": ")
        case Died(status):
            how = f"signal {-status}" if status < 0 else f"exit status {status}"
            return PublicOutcome.DIED, f"the process ended by itself: {how}"
        case BrokeProtocol(why):
            return PublicOutcome.ERROR, f"something other than an answer was sent: {why}"


def _raised(types: tuple[str, ...], message: str) -> tuple[PublicOutcome, str]:
    if "Skipped" in types:
        return PublicOutcome.SKIPPED, message
    if types[0] in ASSERTIONS:
        return PublicOutcome.FAILED, message or UNTOLD
    told = f"{types[0]}: {message}" if message else types[0]
    return PublicOutcome.FAILED if "AssertionError" in types else PublicOutcome.ERROR, told


def noted_lines(notes: tuple[str, ...]) -> list[int]:
    """The line of the tests that `grader.public_inside` noted."""
    told = [note.partition("\t")[2] for note in notes if note.startswith("at\t")]
    return [int(number) for number in told if number.isascii() and number.isdecimal() and len(number) < 7]
