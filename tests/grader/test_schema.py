from __future__ import annotations

import random

import pytest

from grader.schema import Level, Part


def test_levels_compare_by_seniority() -> None:
    """Levels sort by seniority in every comparison, although they are strings."""
    order = [Level.JUNIOR, Level.MIDDLE, Level.SENIOR, Level.LEAD]
    assert sorted(random.Random(0).sample(order, 4)) == order
    assert max(order) is Level.LEAD
    assert Level.LEAD > Level.MIDDLE
    assert Level.LEAD >= Level.LEAD
    assert Level.JUNIOR < Level.LEAD
    assert not Level.LEAD <= Level.MIDDLE


def test_level_compares_to_no_other_word() -> None:
    """Comparing a level with a word that is none is an error, not an alphabetical accident."""
    with pytest.raises(ValueError, match="boss"):
        assert Level.JUNIOR < "boss"


@pytest.mark.parametrize(
    ("part_id", "name"),
    [("softmax", "TestSoftmax"), ("masked-softmax", "TestMaskedSoftmax"), ("conv2d-l2", "TestConv2dL2")],
)
def test_test_class(part_id: str, name: str) -> None:
    """A part's test class is its id in camel case."""
    assert Part(part_id, "f", Level.JUNIOR, 1, (0,)).test_class == name
