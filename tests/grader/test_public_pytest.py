"""Tests of the stand-in for pytest in lanes: what it says has to be what pytest says."""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy
import pytest
import torch

from grader import public_pytest
from sandbox import absent

NAN = math.nan


@pytest.mark.parametrize("options", [{}, {"rel": 1e-2}, {"abs": 0.5}, {"rel": 1e-2, "abs": 0.5}, {"nan_ok": True}])
@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        (1.0, 1.0),
        (1.0, 1.0 + 1e-9),
        (1.0, 1.3),
        (100, 100.9),
        (0.0, 1e-13),
        (0.0, 1e-11),
        (-5.0, 5.0),
        (1e7, 1e7 + 5),
        (1 + 1j, 1 + 1.001j),
        (math.inf, math.inf),
        (math.inf, -math.inf),
        (math.inf, 1.0),
        (1.0, math.inf),
        (1.0, NAN),
        (NAN, NAN),
        (1.0, None),
        (1.0, "1.0"),
        (1.0, numpy.float64(1.001)),
        (1.0, torch.tensor(1.001, dtype=torch.float64)),
        ((1.0, 2.0), (1.0, 2.0 + 1e-9)),
        ((1.0, 2.0), (1.0, 2.4)),
        ((1.0, 2.0), (1.0,)),
        ([1.0], 1.0),
        ([1.0, NAN], [1.0, NAN]),
        ({"a": 1.0}, {"a": 1.005}),
        ({"a": 1.0}, {"b": 1.0}),
        ({"a": 1.0}, 1.0),
    ],
)
def test_approx_judges_as_pytest_does(expected: Any, actual: Any, options: dict[str, Any]) -> None:
    """Both sides of the comparison, and its negation, agree with pytest's own."""
    theirs, ours = pytest.approx(expected, **options), public_pytest.approx(expected, **options)
    assert bool(actual == ours) == bool(actual == theirs)
    assert bool(ours == actual) == bool(theirs == actual)
    assert bool(actual != ours) == bool(actual != theirs)


def test_approx_shows_its_tolerance() -> None:
    """A message tells what was near enough."""
    assert repr(public_pytest.approx(2.0, abs=0.5)) == "2.0 ± 5.0e-01"
    assert "(1.0, 2.0)" in repr(public_pytest.approx((1.0, 2.0)))


def test_raises_takes_what_is_expected() -> None:
    """One of these types, with a text that matches, ends the block and is kept."""
    with public_pytest.raises((KeyError, ValueError), match="b.d") as caught:
        raise ValueError("very bad")
    assert str(caught.value) == "very bad"


def test_raises_lets_others_through() -> None:
    """Another exception is not hidden."""
    with pytest.raises(KeyError), public_pytest.raises(ValueError):
        raise KeyError("other")


def test_raises_fails_without_an_exception() -> None:
    """Nothing raised is a failure that names what was expected."""
    with pytest.raises(public_pytest.Failed, match="did not raise ValueError"), public_pytest.raises(ValueError):
        pass


def test_raises_fails_with_another_text() -> None:
    """The text has to match."""
    with (
        pytest.raises(AssertionError, match="'good' does not match 'bad'"),
        public_pytest.raises(ValueError, match="bad"),
    ):
        raise ValueError("good")


def test_importorskip_gives_the_module() -> None:
    """What is installed is imported."""
    assert public_pytest.importorskip("math") is math


def test_importorskip_skips_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A package that is not there skips the test, and so does one with a stand-in of ours."""
    with pytest.raises(public_pytest.Skipped, match="nosuchpackage is not installed here"):
        public_pytest.importorskip("nosuchpackage")
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path])
    absent.versions(["nosuchpackage"])
    try:
        with pytest.raises(public_pytest.Skipped, match="nosuchpackage is not installed here"):
            public_pytest.importorskip("nosuchpackage")
    finally:
        sys.modules.pop("nosuchpackage", None)


def test_skip_is_taken_by_no_except_exception() -> None:
    """Tested code that catches what it can does not take it."""
    assert not issubclass(public_pytest.Skipped, Exception)


def test_parametrize_keeps_the_cases() -> None:
    """One name takes each row as its value, several names take a row apart."""

    @public_pytest.mark.parametrize("a", [1, (2, 3)])
    def one() -> None: ...

    @public_pytest.mark.parametrize("a, b", [(1, 2)])
    def two() -> None: ...

    assert one.cases == [{"a": 1}, {"a": (2, 3)}]  # type: ignore[attr-defined]  # kept there
    assert two.cases == [{"a": 1, "b": 2}]  # type: ignore[attr-defined]  # kept there
