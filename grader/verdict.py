"""The closed vocabulary of judging: verdicts, and the exceptions a hidden test ends with."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Verdict(StrEnum):
    """How one check was judged; the names are the ones reports, database and pages use."""

    PASS = "pass"
    WRONG_VALUE = "wrong_value"
    WRONG_SHAPE = "wrong_shape"
    WRONG_DTYPE = "wrong_dtype"
    NOT_FINITE = "not_finite"
    BAD_GRADIENT = "bad_gradient"
    MUTATED_INPUT = "mutated_input"
    EXCEPTION = "exception"
    TIMEOUT = "timeout"
    MEMORY = "memory"
    TOO_SLOW = "too_slow"
    TOO_LARGE = "too_large"
    FORBIDDEN = "forbidden"
    NOT_MEASURED = "not_measured"
    SYSTEM_ERROR = "system_error"

    @property
    def is_failure(self) -> bool:
        """Whether this verdict costs the candidate the check."""
        return self not in NOT_FAILURES


#: Verdicts that cost the candidate nothing. `system_error` is ours, so no report is made of it.
NOT_FAILURES: Final = frozenset({Verdict.PASS, Verdict.NOT_MEASURED, Verdict.SYSTEM_ERROR})

#: Verdicts only a budget gives: the answer was right, its cost was not.
OVER_BUDGET: Final = frozenset({Verdict.TOO_SLOW, Verdict.TOO_LARGE})

#: The order in which one verdict speaks for several checks: the most telling first.
GRAVITY: Final = (
    Verdict.SYSTEM_ERROR,
    Verdict.FORBIDDEN,
    Verdict.TIMEOUT,
    Verdict.MEMORY,
    Verdict.EXCEPTION,
    Verdict.WRONG_SHAPE,
    Verdict.WRONG_DTYPE,
    Verdict.WRONG_VALUE,
    Verdict.NOT_FINITE,
    Verdict.BAD_GRADIENT,
    Verdict.MUTATED_INPUT,
    Verdict.TOO_SLOW,
    Verdict.TOO_LARGE,
    Verdict.NOT_MEASURED,
    Verdict.PASS,
)


class CandidateFailure(AssertionError):
    """The candidate's code failed a check.

    `detail` may quote inputs and expected values: it is for the recruiter and never shown to the candidate.
    """

    def __init__(self, verdict: Verdict, detail: str) -> None:
        super().__init__(f"{verdict}: {detail}")
        self.verdict = verdict
        self.detail = detail


class CandidateRaised(CandidateFailure):
    """The candidate's code raised; `types` are the class names of the exception and its bases."""

    def __init__(self, types: tuple[str, ...], message: str, lines: tuple[tuple[int, str], ...] = ()) -> None:
        super().__init__(Verdict.EXCEPTION, f"{types[0]}: {message}")
        self.types = types
        self.message = message
        self.lines = lines


class NotMeasured(Exception):
    """A budget could not be measured here, or a part not judged, which is never held against the candidate."""


#: What GPU kernels are written with. Optional: it is as large as torch, and few parts of tasks ask for it.
TRITON: Final = "triton"
#: Why a budget of a part for GPUs is not measured on a machine without one.
NEEDS_GPU: Final = "needs a GPU"
#: Why such a part is not judged at all in a lane without Triton's interpreter.
NEEDS_TRITON: Final = "needs a GPU, or Triton: pip install 'forwardpass[triton]'"
