"""The task bank as the service sees it: what candidates may read, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from api.problems import Problem, unknown
from grader.bank import Bank, default_root
from grader.schema import Level
from grader.task import Task
from grader.textfile import TaskError


@dataclass
class Catalogue:
    """The tasks of one bank, read once: a changed bank is seen after a restart."""

    root: Path | None = None

    @cached_property
    def tasks(self) -> dict[str, Task]:
        """Every task by its id."""
        return {task.id: task for task in Bank(self.root or default_root()).tasks()}

    def get(self, task_id: str) -> Task:
        """One task.

        Raises:
            Problem: 404.
        """
        if task_id not in self.tasks:
            raise unknown("task")
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
