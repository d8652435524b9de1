"""Tests of how a race's ratios and a growth's costs are judged; measuring itself is in test_exam.py and bench/."""

from __future__ import annotations

import pytest

from grader.budget import MORE_PAIRS, PAIRS, _exponent, _is_settled, _judge_ratios
from grader.verdict import CandidateFailure, NotMeasured, Verdict

ALL = PAIRS + MORE_PAIRS


def test_a_race_ends_early_only_where_every_ratio_is_clearly_under_the_limit() -> None:
    """One ratio near the limit is enough to go on."""
    assert _is_settled([1.0] * 5, 2.0)
    assert not _is_settled([1.0] * 4, 2.0)
    assert not _is_settled([1.0] * 4 + [1.9], 2.0)


def test_eleven_pairs_settle_a_pass_by_their_median() -> None:
    """A few slow pairs are a neighbour's doing."""
    assert _is_settled([1.0] * 6 + [9.0] * 5, 2.0)


def test_eleven_pairs_settle_a_fail_only_where_all_are_far_over() -> None:
    """Otherwise 21 more are run before anything fails."""
    assert _is_settled([3.1] * 11, 2.0)
    assert not _is_settled([3.1] * 10 + [2.2], 2.0)


def test_a_median_under_the_limit_passes() -> None:
    """However the other ratios lie."""
    _judge_ratios([1.9] * 17 + [8.0] * 15, 2.0, "CPU time")


def test_ratios_over_the_limit_are_too_slow() -> None:
    """Most of them have to be."""
    with pytest.raises(CandidateFailure) as caught:
        _judge_ratios([2.2] * ALL, 2.0, "CPU time")
    assert caught.value.verdict is Verdict.TOO_SLOW


def test_ratios_that_stay_mixed_are_not_measured() -> None:
    """Noise is never held against the candidate."""
    with pytest.raises(NotMeasured):
        _judge_ratios([1.9] * 15 + [2.1] * 17, 2.0, "CPU time")


@pytest.mark.parametrize("power", [1.0, 2.0])
def test_the_exponent_of_a_power_law_is_its_power(power: float) -> None:
    """The least of repeated costs counts."""
    costs = {n: [n**power * 3, n**power * 7] for n in (256, 512, 1024, 2048)}
    assert _exponent(costs) == pytest.approx(power)
