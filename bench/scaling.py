"""How cost grows: with the bytes of a call's arguments, and with the number of tests."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch
from rich.console import Console

from bench.latency import cases
from bench.tables import milliseconds, p50, right_answer, table
from grader.backend import default_backend
from grader.grade import Grader, Options
from sandbox.limits import Returned
from sandbox.pool import Pool

ECHO = "def echo(x):\n    return x\n"


def main(console: Console, quick: bool) -> None:
    """Print both tables."""
    console.print(_bytes(9 if quick else 31))
    console.print(_tests(quick))


def _bytes(rounds: int) -> object:
    rows = table("one call there and back", "ms", "MB/s each way")
    with Pool(default_backend(), 1) as pool, pool.lane() as lane:
        run = lane.run()
        run.load("echo", ECHO)
        for size in (1 << 10, 1 << 16, 1 << 20, 1 << 22, 1 << 24, 1 << 26):
            x = torch.zeros(size // 4)

            def call(x: torch.Tensor = x) -> None:
                if not isinstance(run.call("echo", "echo", (x,)), Returned):
                    raise TypeError("the echo failed")

            middle = _median(call, rounds)
            rows.add_row(f"{size:,} bytes", milliseconds(middle), f"{size / middle / 1e6:,.0f}")
        run.close()
    return rows


def _tests(quick: bool) -> object:
    """Grade one, two, … parts of the light task: checks rise, and cost with them."""
    case = cases(quick)[0]
    rows = table("parts of q026, no race", "checks", "ms", "ms a check")
    with Grader(1) as grader:
        for count in range(1, len(case.task.parts) + 1):
            options = Options(parts=tuple(part.id for part in case.task.parts[:count]), budgets=False)
            report = grader.grade(case.task, right_answer(case.task), options)
            checks = sum(len(part.checks) for part in report.parts)
            middle = _median(lambda options=options: grader.grade(case.task, right_answer(case.task), options), 9)  # type: ignore[misc]
            rows.add_row(str(count), str(checks), milliseconds(middle), f"{middle * 1e3 / checks:.2f}")
    return rows


def _median(work: Callable[[], object], rounds: int) -> float:
    spent = []
    for _ in range(rounds):
        started = time.perf_counter()
        work()
        spent.append(time.perf_counter() - started)
    return p50(spent[1:])
