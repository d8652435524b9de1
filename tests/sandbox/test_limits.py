"""Limits are bounds."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from sandbox.limits import Limits


@pytest.mark.parametrize("name", [field.name for field in fields(Limits)])
@pytest.mark.parametrize("value", [0, -1, float("nan")])
def test_limits_are_positive(name: str, value: Any) -> None:
    """A limit of zero, which the kernel would take for none, or of less is refused by name."""
    with pytest.raises(ValueError, match=name):
        Limits(**{name: value})
