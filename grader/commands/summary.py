"""Many results as one table on a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from grader.commands.batch import Failed, Result
from grader.render import STYLES
from grader.report import Report, clean
from grader.verdict import Verdict

BAD = "red"


def render_summary(results: Sequence[Result], console: Console) -> None:
    """Print a row a submission: its verdict, points and failing parts; then how many there are of each verdict."""
    table = Table(box=box.SIMPLE, pad_edge=False)
    table.add_column("File", overflow="fold")
    table.add_column("Verdict")
    table.add_column("Points", justify="right")
    table.add_column("Failing parts", overflow="fold")
    for result in results:
        table.add_row(*map(_text, _row(result)))
    console.print(table)
    counts = Counter(map(verdict_of, results))
    console.print(Text(f"{len(results)} submissions: " + ", ".join(f"{n} {verdict}" for verdict, n in counts.items())))


def verdict_of(result: Result) -> str:
    """How a submission was judged, as one word."""
    return str(Verdict.SYSTEM_ERROR if isinstance(result, Failed) else result.verdict)


def _row(result: Result) -> tuple[str, str, str, str]:
    if isinstance(result, Failed):
        return result.submission, verdict_of(result), "", result.error.splitlines()[0]
    return result.submission, verdict_of(result), f"{result.points}/{result.max_points}", _failing(result)


def _failing(report: Report) -> str:
    return ", ".join(f"{part.id} {part.verdict}" for part in report.parts if part.verdict.is_failure)


def _text(cell: str) -> Text:
    return Text(clean(cell), style=STYLES.get(cell, BAD if cell == "fail" else ""))
