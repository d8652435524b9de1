"""Submission to report, warm: a light task, a whole one, a heavy one; beside a fresh process and the floor."""

from __future__ import annotations

import time
from dataclasses import dataclass

from rich.console import Console

from bench import usual
from bench.tables import milliseconds, p50, p95, right_answer, table, task
from grader.grade import Grader, Options
from grader.task import Task

#: Between two submissions, as between people; without it each would wait for what follows the one before.
PAUSE_S = 0.1


@dataclass(frozen=True)
class Case:
    """One row: what is graded, how, and how often."""

    label: str
    task: Task
    options: Options
    rounds: int

    @property
    def classes(self) -> tuple[str, ...]:
        """The test classes of the parts that are graded."""
        return tuple(part.test_class for part in self.task.select(None, self.options.parts))


def cases(quick: bool) -> list[Case]:
    """Light: a part of softmax without a race. Whole: softmax on the CPU with its race. Heavy: linear attention."""
    light, heavy = task("q026"), task("q139")
    on_cpu = tuple(part.id for part in light.parts if part.device == "cpu")
    rounds = 40 if quick else 200
    return [
        Case("light: q026 softmax-vjp, 7 checks", light, Options(parts=("softmax-vjp",), budgets=False), rounds),
        Case("one part: q026 softmax, 14 checks", light, Options(parts=("softmax",), budgets=False), rounds // 2),
        Case("whole: q026 but for the GPU, 53 checks, a race", light, Options(parts=on_cpu), rounds // 8),
        Case("heavy: q139, all parts, with budgets", heavy, Options(), rounds // 20),
    ]


def main(console: Console, quick: bool) -> None:
    """Print the table."""
    rows = table(
        "submission to report", "p50 ms", "p95 ms", "floor ms", "fresh pytest ms", "ratio", "docker run ms", "ratio"
    )
    with Grader(1) as grader:
        for case in cases(quick):
            rows.add_row(case.label, *_figures(grader, case, 3 if quick else 7))
    console.print(rows)


def _figures(grader: Grader, case: Case, fresh_rounds: int) -> list[str]:
    grader.grade(case.task, right_answer(case.task), case.options)
    warm, fresh, docker = list[float](), list[float](), list[float]()
    for number in range(case.rounds):
        if number % max(1, case.rounds // fresh_rounds) == 0 and len(fresh) < fresh_rounds:
            fresh.append(usual.fresh_process_s(case.task, case.classes, case.options.budgets))
            docker += filter(None, [usual.docker_run_s(case.task, case.classes)])
            grader.grade(case.task, right_answer(case.task), case.options)
        time.sleep(PAUSE_S)
        started = time.perf_counter()
        report = grader.grade(case.task, right_answer(case.task, number), case.options)
        warm.append(time.perf_counter() - started)
        if report.verdict != "pass":
            raise RuntimeError(f"the reference does not pass: {report}")
    floor = usual.floor_s(case.task, case.classes, case.options.budgets, 3 + fresh_rounds)[2:]
    middle = p50(warm)
    figures = [milliseconds(x) for x in (middle, p95(warm), p50(floor), p50(fresh))] + [f"{p50(fresh) / middle:.0f} x"]
    return figures + ([milliseconds(p50(docker)), f"{p50(docker) / middle:.0f} x"] if docker else ["no engine", "-"])
