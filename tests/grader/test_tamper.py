"""Tests of trivial answers."""

from __future__ import annotations

import math

import pytest
import torch

from grader.tamper import NAMES, Tamper

X = torch.tensor([1.2345678, -2.0])


@pytest.mark.parametrize("name", NAMES)
def test_a_trivial_answer_keeps_shape_and_dtype(name: str) -> None:
    """Only the values are wrong."""
    made = Tamper(name)({"a": [X, X.double()]}, (X,))
    assert [(t.shape, t.dtype) for t in made["a"]] == [(X.shape, torch.float32), (X.shape, torch.float64)]


def test_each_kind_puts_its_own_values_in_place() -> None:
    """Zeros, ones, NaN, the input of the same shape, a rounded value."""
    other = torch.tensor([5.0, 6.0])
    assert Tamper("zeros")(X, ()).tolist() == [0, 0]
    assert Tamper("ones")(X, ()).tolist() == [1, 1]
    assert Tamper("nan")(X, ()).isnan().all()
    assert Tamper("input")(X, (torch.zeros(3), other)).tolist() == [5, 6]
    assert Tamper("bfloat16")(X, ()).tolist() == X.bfloat16().float().tolist()


def test_the_previous_answer_of_the_same_shape_is_given_again() -> None:
    """The first time there is none, so zeros."""
    tamper = Tamper("previous")
    assert tamper(X, ()).tolist() == [0, 0]
    assert tamper(X + 1, ()).tolist() == X.tolist()


def test_numbers_are_replaced_in_their_own_type_and_texts_are_not() -> None:
    """A count stays an int, a word stays what it is."""
    assert math.isnan(Tamper("nan")(0.5, ()))
    assert Tamper("zeros")((3, "a", 0.5, True), ()) == (0, "a", 0.0, False)


def test_a_tamper_counts_what_it_really_changed() -> None:
    """Zeros in place of zeros are no change."""
    tamper = Tamper("zeros")
    tamper((torch.zeros(2), X, 0.0, 1.0), ())
    assert tamper.changed == 2
