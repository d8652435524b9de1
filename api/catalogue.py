"""The task bank as the service sees it: what candidates may read, and nothing else."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from api.problems import Problem, unknown
from grader.bank import Bank, default_root
from grader.schema import Level
from grader.task import Task, load_task
from grader.textfile import TaskError

#: What a folder's files look like from outside: enough to see that one was changed.
Signature = frozenset[tuple[str, int, int]]


class Catalogue:
    """The tasks of one bank. A task that changes is seen at once, one that is new after a restart."""

    def __init__(self, root: Path | None = None) -> None:
        self._root = root or default_root()
        self._signatures: dict[str, Signature] = {}
        self._lock = threading.Lock()

    @cached_property
    def tasks(self) -> dict[str, Task]:
        """Every task by its id."""
        found = {task.id: task for task in Bank(self._root).tasks()}
        self._signatures = {name: _signature(task.folder) for name, task in found.items()}
        return found

    def get(self, task_id: str) -> Task:
        """One task, as it is now.

        Raises:
            Problem: 404.
            TaskError: it was changed, and is not as it must be.
        """
        if task_id not in self.tasks:
            raise unknown("task")
        with self._lock:
            signature = _signature(self.tasks[task_id].folder)
            if signature != self._signatures[task_id]:
                self.tasks[task_id] = load_task(self.tasks[task_id].folder)
                self._signatures[task_id] = signature
            return self.tasks[task_id]

    def parts(self, task_id: str, level: Level, part_ids: Sequence[str]) -> list[str]:
        """The ids of the parts that are asked of a level.

        Raises:
            Problem: 422, there is no such task or part, or nothing is left to ask.
        """
        if task_id not in self.tasks:
            raise Problem(422, f"there is no task {task_id!r}: GET /api/v1/tasks lists them")
        try:
            return [part.id for part in self.tasks[task_id].select(level, part_ids)]
        except TaskError as error:
            raise Problem(422, f"{task_id}: {error.message}") from error

    def queue(self, task_id: str, part_ids: Sequence[str]) -> str:
        """The queue whose workers can judge these parts: parts for a GPU are judged on the CPU where there is none."""
        needs_gpu = any(part.device == "cuda" and part.id in part_ids for part in self.get(task_id).parts)
        return "gpu" if needs_gpu else "cpu"


def _signature(folder: Path) -> Signature:
    """Names, times and sizes of all files below a folder."""
    found = set()
    for path, _, names in os.walk(folder):
        for name in names:
            status = os.stat(os.path.join(path, name))
            found.add((name, status.st_mtime_ns, status.st_size))
    return frozenset(found)
