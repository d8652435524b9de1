"""Stand-ins for packages that are not installed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox import absent

SOURCE = """
import nosuchpackage
import nosuchpackage.language as nl
from nosuchpackage.runtime import driver

WIDTH = nl.constexpr(4)


@nosuchpackage.autotune(configs=[nosuchpackage.Config({"BLOCK": 4}, num_warps=2)], key=["n"])
@nosuchpackage.jit
def kernel(x_ptr, n, BLOCK: nl.constexpr):
    nl.store(x_ptr, n)


def launch(x):
    kernel[(1,)](x, 3, BLOCK=4)


def other(x):
    return x + 1
"""


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    """Leaves imports as they were."""
    finders, modules = list(sys.meta_path), set(sys.modules)
    yield
    sys.meta_path[:] = finders
    for name in set(sys.modules) - modules:
        del sys.modules[name]


def test_versions() -> None:
    """What is installed is told with its version, what is not is left out."""
    found = absent.versions(["pytest", "nosuchpackage"])
    assert found == {"pytest": pytest.__version__}


def test_code_loads_and_the_rest_of_it_works() -> None:
    """Imports, decorators, annotations and constants of a missing package pass; using it raises as an import would."""
    with pytest.raises(ModuleNotFoundError):
        exec(SOURCE, {})
    absent.versions(["nosuchpackage"])
    space: dict[str, Any] = {}
    exec(SOURCE, space)
    assert space["other"](1) == 2
    with pytest.raises(ModuleNotFoundError, match="nosuchpackage is not installed here"):
        space["launch"](1)


def test_nothing_else_can_be_imported() -> None:
    """A stand-in answers to one name only."""
    absent.versions(["nosuchpackage"])
    with pytest.raises(ModuleNotFoundError):
        __import__("nosuchpackage2")


def test_it_has_no_special_names() -> None:
    """Asking it for a version, a file or the like fails, as tools expect that look whether a package is real."""
    absent.versions(["nosuchpackage"])
    import nosuchpackage  # type: ignore[import-not-found]

    assert not hasattr(nosuchpackage, "__version__")
    assert not hasattr(nosuchpackage.language, "__wrapped__")


def test_it_can_be_told_from_a_package() -> None:
    """Whoever only asks whether a package is there is not taken in."""
    absent.versions(["nosuchpackage"])
    import nosuchpackage

    assert absent.is_absent(nosuchpackage)
    assert not absent.is_absent(pytest)
