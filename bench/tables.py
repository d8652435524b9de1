"""Small helpers that all measurements share."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from rich.table import Table

from grader.bank import Bank, default_root
from grader.submission import Submission
from grader.task import Task


def task(name: str) -> Task:
    """A task of the bank."""
    return Bank(default_root()).get(name)


def right_answer(of: Task, number: int = 0) -> Submission:
    """The reference as a submission; another number gives other bytes, so that nothing can be remembered."""
    return Submission(f"reference-{number}", f"{of.reference}\n# {number}\n".encode())


def p50(values: Sequence[float]) -> float:
    """The median."""
    return statistics.median(values)


def p95(values: Sequence[float]) -> float:
    """The 95th percentile, by the nearest rank."""
    return sorted(values)[min(len(values) - 1, int(0.95 * len(values)))]


def milliseconds(seconds: float) -> str:
    """Seconds as milliseconds, for a table."""
    return f"{seconds * 1e3:,.1f}"


def table(*columns: str) -> Table:
    """A table whose first column is text and whose others are figures."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for index, name in enumerate(columns):
        made.add_column(name, justify="right" if index else "left")
    return made
