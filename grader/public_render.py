"""What public tests came to, on a terminal: how many passed, and what is wrong with each of the others."""

from __future__ import annotations

from collections import Counter
from typing import Final

from rich.console import Console
from rich.text import Text

from grader.public_report import PublicCheck, PublicOutcome, PublicReport
from grader.render import put
from grader.report import clean

STYLES: Final = {PublicOutcome.PASSED: "green", PublicOutcome.SKIPPED: "dim"}


def render_public(report: PublicReport, submission: str, console: Console) -> None:
    """Print `report`."""
    put(console, 0, _summary(report, submission))
    for note in report.notes:
        put(console, 2, Text(clean(note)))
    told = set()
    for check in report.checks:
        if check.outcome is not PublicOutcome.PASSED:
            same = (check.outcome, check.message, check.lines, check.test_line)
            _check(check, console, again=same in told)
            told.add(same)
    if report.printed:
        put(console, 0, Text("printed:", style="bold"))
        put(console, 2, Text(clean(report.printed).rstrip("\n")))


def _summary(report: PublicReport, submission: str) -> Text:
    counts = Counter(check.outcome for check in report.checks)
    passed = f"{counts.pop(PublicOutcome.PASSED, 0)} of {len(report.checks)} public tests passed"
    rest = "".join(f", {count} {outcome}" for outcome, count in counts.items())
    return Text(clean(f"{passed}{rest}, submission {submission}"), style="green" if report.passed else "red")


def _check(check: PublicCheck, console: Console, *, again: bool) -> None:
    """One test; what was told of one before it is not told again."""
    outcome = Text(str(check.outcome), style=STYLES.get(check.outcome, "red"))
    same = ", in the same way" if again else ""
    put(console, 0, Text.assemble((clean(check.name), "bold"), ": ", outcome, same))
    if again:
        return
    for text in filter(None, (check.says, check.message)):
        put(console, 2, Text(clean(text)))
    for number, text in check.lines:
        put(console, 4, Text(clean(f"line {number}: {text}"), style="dim"))
    if check.test_line:
        put(console, 4, Text(clean(f"test_public.py, line {check.test_line[0]}: {check.test_line[1]}"), style="dim"))
