"""Submissions a second on all cores, beside fresh pytest processes on the same cores."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from rich.console import Console

from bench import usual
from bench.latency import cases
from bench.tables import right_answer, table
from grader.grade import Grader


def main(console: Console, quick: bool) -> None:
    """Print the table."""
    rows = table("submissions a second, all cores", "Forward Pass", "fresh pytest", "ratio")
    with Grader() as grader:
        for case in cases(quick)[:3]:
            grader.grade(case.task, right_answer(case.task), case.options)
            count = case.rounds

            def grade(number: int) -> object:
                return grader.grade(case.task, right_answer(case.task, number), case.options)  # noqa: B023 # used at once

            def fresh(_: int) -> object:
                return usual.fresh_process_s(case.task, case.classes, case.options.budgets)  # noqa: B023 # used at once

            warm = _rate(grade, count, grader.slots)
            usual_rate = _rate(fresh, 2 * grader.slots if quick else 4 * grader.slots, grader.slots)
            rows.add_row(case.label, f"{warm:.1f}", f"{usual_rate:.2f}", f"{warm / usual_rate:.0f} x")
    console.print(rows)


def _rate(work: Callable[[int], object], count: int, workers: int) -> float:
    with ThreadPoolExecutor(workers) as pool:
        started = time.perf_counter()
        list(pool.map(work, range(count)))
        return count / (time.perf_counter() - started)
