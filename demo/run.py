"""Grades the submissions beside this file and shows the reports; ends with 1 if a verdict is not the expected one."""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich import box
from rich.console import Console
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from grader.bank import Bank, default_root
from grader.commands.console import console_for
from grader.commands.lanes import opened
from grader.commands.progress import Reporter, reporter
from grader.grade import Grader, Options
from grader.render import render
from grader.report import Report
from grader.submission import Submission
from grader.verdict import Verdict

FOLDER: Final = Path(__file__).parent / "submissions"
#: The loop is stopped sooner than a task would, so that nobody waits for it.
WALL_S: Final = 2.0
SEED: Final = 26


@dataclass(frozen=True)
class Case:
    """One submission, the part it answers, and the verdict that part has to get."""

    file: str
    task: str
    part: str
    expected: Verdict
    story: str

    def grade(self, grader: Grader, progress: Reporter) -> Report:
        """The report on this part alone."""
        submission = Submission(self.file, (FOLDER / self.file).read_bytes())
        options = Options(seed=SEED, parts=(self.part,), wall_s=WALL_S if self.expected is Verdict.TIMEOUT else None)
        report = grader.grade(Bank(default_root()).get(self.task), submission, options)
        progress.step(f"{self.file}: {report.parts[0].verdict}")
        return report


CASES: Final = (
    Case("right_softmax.py", "q026", "softmax", Verdict.PASS, "right, in a style of its own"),
    Case("no_max_shift.py", "q026", "softmax", Verdict.NOT_FINITE, "overflows on large logits"),
    Case("library_softmax.py", "q026", "softmax", Verdict.FORBIDDEN, "calls torch.softmax by a hidden name"),
    Case("forged_results.py", "q026", "softmax", Verdict.EXCEPTION, "prints '14 passed', writes reports, exits with 0"),
    Case("endless_loop.py", "q026", "softmax", Verdict.TIMEOUT, "never ends, ignores signals"),
    Case("reads_hidden_tests.py", "q026", "softmax", Verdict.WRONG_VALUE, "searches the disk for the hidden tests"),
    Case("coupled_adamw.py", "q060", "adamw", Verdict.WRONG_VALUE, "Adam with an L2 penalty, called AdamW"),
    Case("shifted_causal_mask.py", "q132", "causal-mask", Verdict.WRONG_VALUE, "sees one token into the future"),
    Case("quadratic_attention.py", "q139", "linear-attention", Verdict.TOO_SLOW, "right values at quadratic cost"),
)


def main() -> int:
    """Grade, show, compare; the exit code."""
    started = time.monotonic()
    reports = _grade_all()
    console = console_for(sys.stdout)
    for case, report in zip(CASES, reports, strict=True):
        console.print(Rule(Text(f"{case.file}: {case.story}"), align="left"))
        render(report, console)
    surprises = _summary(reports, console)
    said = f"{surprises} verdicts are not as expected" if surprises else "every verdict is as expected"
    console.print(
        f"{len(CASES)} submissions in {time.monotonic() - started:.0f} s, the start of the sandboxes included: {said}"
    )
    return 1 if surprises else 0


def _grade_all() -> list[Report]:
    with reporter() as progress, opened(None, progress) as grader:
        workers = ThreadPoolExecutor(grader.slots)
        progress.count(f"grading {len(CASES)} submissions", len(CASES))
        try:
            return list(workers.map(lambda case: case.grade(grader, progress), CASES))
        finally:
            workers.shutdown(wait=False, cancel_futures=True)


def _summary(reports: list[Report], console: Console) -> int:
    """Print a row a submission; how many verdicts were not the expected one."""
    table = Table(box=box.SIMPLE, pad_edge=False, title="In short", title_justify="left")
    for heading in ("Submission", "Task and part", "Expected", "Got", "Points", "ms"):
        table.add_column(heading, justify="right" if heading in ("Points", "ms") else "left")
    surprises = 0
    for case, report in zip(CASES, reports, strict=True):
        got = report.parts[0].verdict
        surprises += got is not case.expected
        style = "green" if got is case.expected else "bold red"
        where, points = f"{case.task} {case.part}", f"{report.points}/{report.max_points}"
        table.add_row(case.file, where, case.expected, Text(got, style), points, f"{report.elapsed_ms:.0f}")
    console.print(table)
    return surprises


if __name__ == "__main__":
    sys.exit(main())
