"""What came of running a task's public tests on a candidate's code: told to the candidate, worth no points."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final

from grader.report import plain

FORMAT: Final = 1
#: What is kept of one message, and of everything that was printed.
MOST_OF_A_MESSAGE: Final = 2_000
MOST_PRINTED: Final = 10_000

Line = tuple[int, str]


class PublicOutcome(StrEnum):
    """How one public test ended."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    TIMEOUT = "timeout"
    MEMORY = "memory"
    DIED = "died"
    SKIPPED = "skipped"


#: Outcomes that leave nothing to mend.
CONTENT: Final = frozenset({PublicOutcome.PASSED, PublicOutcome.SKIPPED})


@dataclass(frozen=True)
class PublicCheck:
    """One public test.

    Attributes:
        says: its docstring.
        outcome: `failed` is an answer that is not the expected one, `error` an exception nobody expected.
        message: what the assertion or the exception says.
        lines: the candidate's own lines in the traceback, outermost first: number and text.
        test_line: the line of the test that failed, None where none did.
    """

    name: str
    says: str
    outcome: PublicOutcome
    message: str = ""
    lines: tuple[Line, ...] = ()
    test_line: Line | None = None


@dataclass(frozen=True)
class PublicReport:
    """All public tests that were asked for, in the order they are written.

    Nothing is scored by it, and a candidate's code can forge it: it is shown to the candidate alone.

    Attributes:
        notes: sentences about the code itself: why it cannot be loaded, where it uses a forbidden name.
        printed: what the code wrote to stdout and stderr, its beginning.
    """

    checks: tuple[PublicCheck, ...]
    notes: tuple[str, ...] = ()
    printed: str = ""
    elapsed_ms: float = 0.0

    @property
    def passed(self) -> bool:
        """Whether there is nothing to mend."""
        return all(check.outcome in CONTENT for check in self.checks)

    def to_json(self) -> dict[str, Any]:
        """The report as plain JSON values, its texts cleaned."""
        values: dict[str, Any] = plain(asdict(self))
        return {"format": FORMAT, "passed": self.passed, **values}
