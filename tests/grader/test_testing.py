"""Tests of what hidden tests import."""

from __future__ import annotations

import math
from typing import cast

import pytest
import torch

from grader.testing import Probe, assert_close, assert_equal, assert_gradient, probe, probe_source, raises
from grader.verdict import CandidateFailure, CandidateRaised, Verdict


@probe
def doubled(candidate, x) -> torch.Tensor:  # type: ignore[no-untyped-def]  # as authors write them
    return candidate.f(x) * 2  # type: ignore[no-any-return]  # authors leave the candidate untyped


@probe
def quadrupled(candidate, x):  # type: ignore[no-untyped-def]  # as authors write them
    return doubled(candidate, doubled(candidate, x))


@probe(mutates=True)
def changed(candidate, x):  # type: ignore[no-untyped-def]  # as authors write them
    return x.add_(1)


def verdict_of(got: object, want: object, **options: object) -> Verdict:
    with pytest.raises(CandidateFailure) as caught:
        assert_close(got, want, **options)  # type: ignore[arg-type]  # options are passed on
    return caught.value.verdict


WANT = torch.linspace(1.0, 2.0, 6, dtype=torch.float64).reshape(2, 3)


def test_a_float32_answer_within_rounding_of_a_float64_oracle_is_accepted() -> None:
    """Rounding to float32 is no error."""
    assert_close(WANT.float(), WANT)


def test_the_dtype_of_the_answer_is_checked() -> None:
    """A double answer where single is asked, or the reverse, is wrong_dtype."""
    assert verdict_of(WANT, WANT) is Verdict.WRONG_DTYPE
    assert verdict_of(WANT.float(), WANT, dtype=torch.float64) is Verdict.WRONG_DTYPE


def test_shape_comes_before_dtype_and_value() -> None:
    """A transposed answer is wrong_shape."""
    assert verdict_of(WANT.float().T, WANT) is Verdict.WRONG_SHAPE


def test_an_answer_rounded_through_bfloat16_is_refused() -> None:
    """Low precision does not pass for float32."""
    assert verdict_of(WANT.bfloat16().float() + 0.003, WANT) is Verdict.WRONG_VALUE


def test_zeros_never_hide_below_an_absolute_tolerance() -> None:
    """Tiny expected values are not matched by zeros."""
    tiny = WANT * 1e-12
    assert verdict_of(torch.zeros(2, 3), tiny) is Verdict.WRONG_VALUE


def test_nan_where_a_number_belongs_is_not_finite() -> None:
    """NaN and infinity in place of a number have a verdict of their own."""
    for bad in (math.nan, math.inf):
        assert verdict_of(torch.full((2, 3), bad), WANT) is Verdict.NOT_FINITE


def test_nan_and_infinity_have_to_stand_where_the_oracle_has_them() -> None:
    """Expected NaN and infinities are matched by themselves only."""
    want = torch.tensor([math.nan, math.inf, -math.inf, 1.0], dtype=torch.float64)
    assert_close(want.float(), want)
    assert verdict_of(torch.tensor([0.0, math.inf, -math.inf, 1.0]), want) is Verdict.WRONG_VALUE
    assert verdict_of(torch.tensor([math.nan, -math.inf, -math.inf, 1.0]), want) is Verdict.WRONG_VALUE


def test_integers_and_booleans_are_compared_exactly() -> None:
    """There is no tolerance for whole numbers."""
    assert_close(torch.tensor([1, 2]), torch.tensor([1, 2]))
    assert verdict_of(torch.tensor([1, 3]), torch.tensor([1, 2])) is Verdict.WRONG_VALUE
    assert verdict_of(torch.tensor([1, 2], dtype=torch.int32), torch.tensor([1, 2])) is Verdict.WRONG_DTYPE


def test_containers_are_compared_item_by_item() -> None:
    """A wrong item deep inside is found; a missing one too."""
    want = {"a": [WANT, 0.5], "b": (3, None)}
    assert_close({"a": [WANT.float(), 0.5], "b": (3, None)}, want)
    assert verdict_of({"a": [WANT.float(), 0.6], "b": (3, None)}, want) is Verdict.WRONG_VALUE
    assert verdict_of({"a": [WANT.float()], "b": (3, None)}, want) is Verdict.WRONG_VALUE
    assert verdict_of({"a": [WANT.float(), 0.5]}, want) is Verdict.WRONG_VALUE


def test_a_value_of_another_type_is_wrong_dtype() -> None:
    """A list where a tensor is asked, a bool where an int is."""
    assert verdict_of([1.0], WANT) is Verdict.WRONG_DTYPE
    assert verdict_of(True, 1) is Verdict.WRONG_DTYPE


def test_a_wrong_gradient_is_bad_gradient_and_has_ten_times_the_tolerance() -> None:
    """Gradients are compared more loosely, and named when they are wrong."""
    near = (WANT * (1 + 5e-5)).float()
    assert verdict_of(near, WANT) is Verdict.WRONG_VALUE
    assert_gradient(near, WANT)
    with pytest.raises(CandidateFailure) as caught:
        assert_gradient(near * 1.01, WANT)
    assert caught.value.verdict is Verdict.BAD_GRADIENT


def test_a_longer_reduction_widens_the_tolerance_by_its_square_root() -> None:
    """An error of 15 tolerances passes for a sum of 400 terms, not for one of 100."""
    off = (WANT * (1 + 15e-5)).float()
    assert_close(off, WANT, reduction=400)
    assert verdict_of(off, WANT, reduction=100) is Verdict.WRONG_VALUE


def test_assert_equal_allows_no_difference() -> None:
    """One unit in the last place is a difference; NaN equals NaN."""
    x = torch.tensor([1.0, math.nan])
    assert_equal(x.clone(), x)
    with pytest.raises(CandidateFailure):
        assert_equal(torch.nextafter(x, torch.tensor(2.0)), x)


def test_the_detail_of_a_failure_never_is_its_candidates_text() -> None:
    """The verdict is separate from the detail, which quotes expected values for the recruiter."""
    with pytest.raises(CandidateFailure) as caught:
        assert_close(WANT.float() + 1, WANT)
    assert "expected 1.0" in caught.value.detail


def test_raises_accepts_the_named_error_and_its_subclasses() -> None:
    """The bases count: KeyError satisfies an expected LookupError."""
    with raises(LookupError):
        raise CandidateRaised(("KeyError", "LookupError", "Exception"), "k")


def test_raises_refuses_silence_and_lets_other_errors_through() -> None:
    """No error is wrong_value; another error stays what it is."""
    with pytest.raises(CandidateFailure) as caught, raises(ValueError):
        pass
    assert caught.value.verdict is Verdict.WRONG_VALUE
    with pytest.raises(CandidateRaised), raises(ValueError):
        raise CandidateRaised(("TypeError", "Exception"), "t")


def test_a_probe_is_shipped_with_what_it_may_use_and_with_the_probes_it_calls() -> None:
    """The shipped source defines these without their decorators, and no other one."""
    space: dict[str, object] = {}
    exec(probe_source(cast("Probe", quadrupled)), space)
    assert {"quadrupled", "doubled", "torch", "nn", "F", "math", "np"} <= space.keys()
    assert "changed" not in space


def test_a_probe_knows_its_annotation_and_whether_it_may_mutate() -> None:
    """What the stand-in needs to know is on the probe."""
    assert isinstance(doubled, Probe)
    assert (doubled.returns, doubled.mutates) == ("torch.Tensor", False)
    assert isinstance(changed, Probe)
    assert (changed.returns, changed.mutates) == (None, True)


def test_a_number_too_large_for_a_float_is_wrong_and_no_fault_of_ours() -> None:
    """An int beyond every float counts as infinite."""
    assert verdict_of(10**400, 1.0) is Verdict.NOT_FINITE
    assert verdict_of(-(10**400), float("inf")) is Verdict.WRONG_VALUE
