from __future__ import annotations

from itertools import combinations

import pytest

from grader.score import ReportVerdict, part_points, part_verdict, report_verdict
from grader.verdict import GRAVITY, Verdict

V = Verdict


@pytest.mark.parametrize(("graver", "lighter"), list(combinations(GRAVITY, 2)))
def test_gravest_speaks(graver: Verdict, lighter: Verdict) -> None:
    """A part's verdict is the gravest of its checks, in whatever order they come."""
    assert part_verdict([lighter, graver, lighter]) is graver
    assert part_verdict([graver, lighter]) is graver


@pytest.mark.parametrize(
    ("verdicts", "points"),
    [
        ([V.PASS], 5),
        ([V.PASS, V.NOT_MEASURED], 5),
        ([V.NOT_MEASURED], 5),
        ([V.PASS, V.TOO_SLOW], 2),
        ([V.TOO_SLOW, V.TOO_LARGE, V.NOT_MEASURED], 2),
        ([V.TOO_SLOW, V.WRONG_VALUE], 0),
        ([V.PASS, V.PASS, V.EXCEPTION], 0),
        ([V.TIMEOUT], 0),
        ([V.MEMORY], 0),
        ([V.FORBIDDEN, V.PASS], 0),
    ],
)
def test_part_points(verdicts: list[Verdict], points: int) -> None:
    """All is fine and earns all; only a missed budget earns half, rounded down; anything else earns nothing."""
    assert part_points(5, iter(verdicts)) == points


@pytest.mark.parametrize(
    ("verdicts", "points", "verdict"),
    [
        ([V.PASS, V.NOT_MEASURED], 5, ReportVerdict.PASS),
        ([V.PASS, V.TOO_SLOW], 7, ReportVerdict.PARTIAL),
        ([V.TOO_SLOW], 0, ReportVerdict.FAIL),
        ([V.EXCEPTION, V.WRONG_VALUE], 0, ReportVerdict.FAIL),
    ],
)
def test_report_verdict(verdicts: list[Verdict], points: int, verdict: ReportVerdict) -> None:
    """A report passes if no part cost anything, fails if nothing was earned, and is partial between."""
    assert report_verdict(iter(verdicts), points) is verdict


def test_nothing_is_never_a_pass() -> None:
    """A part without checks and a report without parts are errors, not passes."""
    with pytest.raises(ValueError, match="no verdict"):
        part_verdict([])
    with pytest.raises(ValueError, match="nothing cannot be scored"):
        part_points(5, [])
    with pytest.raises(ValueError, match="nothing cannot be scored"):
        report_verdict([], 0)


def test_our_failure_is_never_scored() -> None:
    """A system error earns neither a zero nor full points: there is no score."""
    with pytest.raises(ValueError, match="system_error"):
        part_points(5, [V.PASS, V.SYSTEM_ERROR])
    with pytest.raises(ValueError, match="system_error"):
        report_verdict([V.PASS, V.SYSTEM_ERROR], 5)
