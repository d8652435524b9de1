"""Points: whole numbers, worked out from verdicts and nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from grader.verdict import GRAVITY, OVER_BUDGET, Verdict


class ReportVerdict(StrEnum):
    """How a whole submission was judged."""

    PASS = "pass"
    PARTIAL = "partial"
    FAIL = "fail"


def part_verdict(verdicts: Iterable[Verdict]) -> Verdict:
    """The gravest verdict of a part's checks.

    Raises:
        ValueError: there is no check: a part nobody judged has no verdict.
    """
    found = set(verdicts)
    if not found:
        raise ValueError("a part without checks has no verdict")
    return min(found, key=GRAVITY.index)


def part_points(points: int, verdicts: Iterable[Verdict]) -> int:
    """What a part earns: all of `points`, half of them (rounded down) if only budgets were missed, or none.

    Raises:
        ValueError: there is no check, or one is `system_error`: our failure is never scored.
    """
    failed = {verdict for verdict in _judged(verdicts) if verdict.is_failure}
    if not failed:
        return points
    return points // 2 if failed <= OVER_BUDGET else 0


def report_verdict(verdicts: Iterable[Verdict], points: int) -> ReportVerdict:
    """The verdict of a report from its parts' verdicts and the points they earned together.

    Raises:
        ValueError: there is no part, or one is `system_error`: our failure is never scored.
    """
    if not any(verdict.is_failure for verdict in _judged(verdicts)):
        return ReportVerdict.PASS
    return ReportVerdict.PARTIAL if points else ReportVerdict.FAIL


def _judged(verdicts: Iterable[Verdict]) -> set[Verdict]:
    found = set(verdicts)
    if not found or Verdict.SYSTEM_ERROR in found:
        raise ValueError(f"{Verdict.SYSTEM_ERROR if found else 'nothing'} cannot be scored")
    return found
