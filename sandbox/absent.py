"""Stands in for an optional package that is not installed: code that imports it and decorates with it still loads.

A file answers several parts of a task. That one of them needs a package this lane lacks must not keep the others from
being judged, so importing it gives a module whose names can be called and used as decorators. Launching something of
it raises, as importing it would have done.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import sys
import types
from collections.abc import Iterable, Sequence
from typing import Any


def versions(names: Iterable[str]) -> dict[str, str]:
    """Import these packages, with a stand-in for each that is missing; the versions of those that are there."""
    found = {}
    for name in names:
        try:
            module = importlib.import_module(name)
        except ImportError:
            sys.meta_path.append(_Finder(name))
            importlib.invalidate_caches()
        else:
            found[name] = str(getattr(module, "__version__", "unknown"))
    return found


def is_absent(module: types.ModuleType) -> bool:
    """Whether this is the stand-in for a package that is missing."""
    return isinstance(module, _Module)


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds one missing package and whatever is imported from below it."""

    def __init__(self, name: str) -> None:
        self._name = name

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname == self._name or fullname.startswith(f"{self._name}."):
            return importlib.machinery.ModuleSpec(fullname, self, is_package=True)
        return None

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        return _Module(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        """There is nothing to execute."""


class _Module(types.ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Nothing(self.__name__.partition(".")[0])


class _Nothing:
    """Any name of a missing package: a decorator, a constant, a configuration, a kernel."""

    def __init__(self, package: str) -> None:
        self._package = package

    def __call__(self, *args: Any, **kwargs: Any) -> _Nothing:
        return self

    def __getattr__(self, name: str) -> _Nothing:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __getitem__(self, grid: Any) -> Any:
        raise ModuleNotFoundError(f"{self._package} is not installed here")
