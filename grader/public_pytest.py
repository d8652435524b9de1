"""Stands for pytest where public tests run in a lane: the few names of it that they use.

Shipped into the lane as the module `pytest`; it imports nothing of the grader. `grader.public_tests` refuses tests that
use more.
"""

from __future__ import annotations

import importlib
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import ModuleType, TracebackType
from typing import Any, NoReturn, TypeVar

from sandbox.absent import is_absent

F = TypeVar("F", bound=Callable[..., Any])

REL = 1e-6
ABS = 1e-12


class Failed(AssertionError):
    """Nothing was raised where something had to be."""


class Skipped(BaseException):
    """The test asks for something that is not here. No `except Exception` of tested code takes it."""


def skip(reason: str) -> NoReturn:
    """End the test: it cannot be run here."""
    raise Skipped(reason)


def importorskip(name: str) -> ModuleType:
    """The module `name`; where it is not installed, the test is skipped."""
    try:
        module = importlib.import_module(name)
    except ImportError:
        skip(f"{name} is not installed here")
    if is_absent(module):
        skip(f"{name} is not installed here")
    return module


class raises:  # noqa: N801  # its name in pytest
    """A block that has to raise an exception of these types, with a text in which `match` is found.

    Attributes:
        value: what was raised, once the block is left.
    """

    value: BaseException

    def __init__(
        self, expected: type[BaseException] | tuple[type[BaseException], ...], *, match: str | None = None
    ) -> None:
        self._expected = expected if isinstance(expected, tuple) else (expected,)
        self._match = match

    def __enter__(self) -> raises:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> bool:
        if error is None:
            raise Failed("did not raise " + " or ".join(known.__name__ for known in self._expected))
        if not isinstance(error, self._expected):
            return False
        self.value = error
        if self._match is not None and not re.search(self._match, str(error)):
            raise AssertionError(f"{str(error)!r} does not match {self._match!r}")
        return True


class approx:  # noqa: N801  # its name in pytest
    """Equals numbers near `expected`; of a sequence or a mapping, each one."""

    __hash__ = None  # type: ignore[assignment]  # as pytest's
    __array_ufunc__ = None
    __array_priority__ = 100

    def __init__(
        self,
        expected: Any,
        *,
        rel: float | None = None,
        abs: float | None = None,  # noqa: A002  # its name in pytest
        nan_ok: bool = False,
    ) -> None:
        self._expected, self._rel, self._abs, self._nan_ok = expected, rel, abs, nan_ok

    def __eq__(self, actual: object) -> bool:
        return self._equals(self._expected, actual)

    def __repr__(self) -> str:
        if _is_number(self._expected):
            return f"{self._expected!r} ± {self._tolerance(self._expected):.1e}"
        return f"approximately {self._expected!r}"

    def _equals(self, expected: Any, actual: Any) -> bool:
        if isinstance(expected, Mapping):
            return (
                isinstance(actual, Mapping)
                and set(actual) == set(expected)
                and all(self._equals(expected[key], actual[key]) for key in expected)
            )
        if isinstance(expected, Sequence) and not isinstance(expected, (str, bytes)):
            return (
                hasattr(actual, "__len__")
                and len(actual) == len(expected)
                and all(self._equals(*pair) for pair in zip(expected, actual, strict=True))
            )
        return self._near(expected, actual) if _is_number(expected) else bool(expected == actual)

    def _near(self, expected: Any, actual: Any) -> bool:
        if actual is None or isinstance(actual, (str, bytes)):
            return False
        if math.isnan(abs(expected)):
            return self._nan_ok and bool(actual != actual)  # only NaN differs from itself
        if math.isinf(abs(expected)):
            return bool(actual == expected)
        return bool(abs(actual - expected) <= self._tolerance(expected))

    def _tolerance(self, expected: Any) -> float:
        if self._rel is None and self._abs is not None:
            return self._abs
        relative = (REL if self._rel is None else self._rel) * abs(expected)
        return float(max(relative, ABS if self._abs is None else self._abs))


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float, complex)) and not isinstance(value, bool)


class mark:  # noqa: N801  # its name in pytest
    """Holds what tests are marked with."""

    @staticmethod
    def parametrize(names: str | Sequence[str], rows: Iterable[Any]) -> Callable[[F], F]:
        """Run the test once for each row of values; the rows are kept with it."""
        known = [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)
        cases = [dict(zip(known, row if len(known) > 1 else [row], strict=True)) for row in rows]

        def keep(function: F) -> F:
            function.cases = cases  # type: ignore[attr-defined]  # a function holds what it is given
            return function

        return keep
