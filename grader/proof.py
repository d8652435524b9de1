"""Remembers which tasks are proven, so that `task check` proves only what has changed since.

A proof is a file of its own for each task, and stands while everything it rests on is the same: the task's files, those
of grader and sandbox, the versions below them, and the machine, for budgets are measured.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import grader
import sandbox
from grader.grade import hardware
from grader.task import Task
from grader.textfile import digest_of
from sandbox import gpu

PACKAGES: Final = ("torch", "numpy", "pytest", "triton")


@dataclass(frozen=True)
class Proofs:
    """The proofs kept in `folder`, for checks that try the reference on `seeds` seeds."""

    folder: Path
    seeds: int

    def stands(self, task: Task) -> bool:
        """Whether a task was proven, on at least as many seeds, and nothing it rests on has changed.

        Raises:
            TaskError: a file of the task cannot be read.
        """
        try:
            kept = json.loads(self._path(task).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return False
        return isinstance(kept, dict) and kept.get("rests_on") == rests_on(task) and kept.get("seeds", 0) >= self.seeds

    def keep(self, task: Task, basis: dict[str, Any]) -> None:
        """Remember that a task was proven on `basis`, unless that has changed meanwhile.

        Raises:
            OSError: the proof cannot be written.
            TaskError: as `stands`.
        """
        if basis != rests_on(task):
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        draft = self.folder / f".{task.id}.{os.getpid()}"
        draft.write_text(json.dumps({"rests_on": basis, "seeds": self.seeds}, indent=1) + "\n", encoding="utf-8")
        draft.replace(self._path(task))

    def _path(self, task: Task) -> Path:
        return self.folder / f"{task.id}.json"


def default_folder() -> Path:
    """`FORWARDPASS_PROOFS`, or a folder among the user's caches."""
    if named := os.environ.get("FORWARDPASS_PROOFS"):
        return Path(named)
    caches = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(caches) / "forwardpass" / "proofs"


def rests_on(task: Task) -> dict[str, Any]:
    """Everything that a proof of the task rests on. Raises `TaskError` where a file of it cannot be read."""
    return {"task": task.digest, **_ground()}


@cache
def _ground() -> dict[str, Any]:
    """What all proofs rest on."""
    code = {package.__name__: digest_of(Path(str(package.__file__)).parent) for package in (grader, sandbox)}
    versions = {name: _version(name) for name in PACKAGES}
    machine = hardware() | {"gpus": [device.name for device in gpu.discover()]}
    return {"code": code, "versions": versions | {"python": platform.python_version()}, "machine": machine}


def _version(name: str) -> str:
    with contextlib.suppress(metadata.PackageNotFoundError):
        return metadata.version(name)
    return ""
