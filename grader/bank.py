"""The bank: all tasks below one folder, found by looking and never listed in a file."""

from __future__ import annotations

import itertools
import os
from dataclasses import dataclass
from pathlib import Path

from grader.task import MANIFEST, Task, load_task
from grader.textfile import TaskError, did_you_mean

#: The environment variable that names the bank's folder.
VARIABLE = "FORWARDPASS_TASKS"


@dataclass(frozen=True)
class Bank:
    """The tasks in `root`, each at `<section>/<id>/task.toml`."""

    root: Path

    def folders(self) -> list[Path]:
        """The folder of every task, sorted by id, read or not.

        Raises:
            TaskError: the bank is missing, or two tasks have one id.
        """
        if not self.root.is_dir():
            raise TaskError(self.root, f"no task bank here: name its folder in {VARIABLE}")
        found = sorted((path.parent for path in self.root.glob(f"*/*/{MANIFEST}")), key=lambda folder: folder.name)
        for one, other in itertools.pairwise(found):
            if one.name == other.name:
                raise TaskError(other, f"{one} has the same id: rename one of them")
        return found

    def tasks(self) -> list[Task]:
        """Every task, sorted by id.

        Raises:
            TaskError: the bank is missing, or a task in it is not as it must be.
        """
        return [load_task(folder) for folder in self.folders()]

    def get(self, id_or_path: str | Path) -> Task:
        """The task of this id, of the one id that starts so, or in this folder.

        It opens any folder it is given: for a name that comes from outside, use `by_id`.

        Raises:
            TaskError: nothing or more than one task is meant, or the task is not as it must be.
        """
        name = os.fspath(id_or_path)
        if isinstance(id_or_path, Path) or os.sep in name or (Path(name) / MANIFEST).is_file():
            return load_task(Path(name))
        starting = [folder for folder in self.folders() if name and folder.name.startswith(name)]
        exact = [folder for folder in starting if folder.name == name]
        return load_task(self._only(name, exact or starting))

    def by_id(self, task_id: str) -> Task:
        """The task of exactly this id; no path and no prefix is followed.

        Raises:
            TaskError: there is none, or it is not as it must be.
        """
        return load_task(self._only(task_id, [folder for folder in self.folders() if folder.name == task_id]))

    def _only(self, name: str, found: list[Path]) -> Path:
        if not found:
            known = [folder.name for folder in self.folders()]
            raise TaskError(self.root, f"unknown task {name!r}: {did_you_mean(name, known)}")
        if len(found) > 1:
            several = ", ".join(folder.name for folder in found[:8])
            raise TaskError(self.root, f"{name!r} could be any of {len(found)} tasks: {several}")
        return found[0]


def default_root() -> Path:
    """Where the bank is: `FORWARDPASS_TASKS`, else inside the installed package, else beside it in a checkout.

    Raises:
        TaskError: none of these is there.
    """
    package = Path(__file__).resolve().parent
    named = os.environ.get(VARIABLE)
    places = [Path(named)] if named else [package / "_tasks", package.parent / "tasks"]
    for place in places:
        if place.is_dir():
            return place
    raise TaskError(places[-1], f"no task bank here: name its folder in {VARIABLE}")
