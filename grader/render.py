"""A report on a terminal: what was earned, and for every part that failed what is wrong and where."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from grader.report import Check, PartReport, Report, clean
from grader.verdict import GRAVITY, Verdict

#: So many different sentences of one verdict are shown; the rest is counted.
SHOWN: Final = 3
SETTLED: Final = frozenset({Verdict.PASS, Verdict.NOT_MEASURED})
STYLES: Final = {"pass": "green", "partial": "yellow", "not_measured": "dim", "system_error": "magenta"}


def render(report: Report, console: Console, verbose: bool = False) -> None:
    """Print `report`; `verbose` adds what only the recruiter may read: details, measurements, seed and machine."""
    put(console, 0, Text.assemble((clean(report.task), "bold"), "  ", clean(report.title)))
    put(console, 0, _summary(report))
    if verbose:
        put(console, 0, _origin(report))
    console.print(_table(report))
    for part in report.parts:
        if verbose or part.notes or part.verdict not in SETTLED:
            _part(part, console, verbose)


def _summary(report: Report) -> Text:
    level = f", level {report.level}" if report.level else ""
    points = f": {report.points} of {report.max_points} points"
    return Text.assemble(_verdict(report.verdict), points, clean(f", submission {report.submission}{level}"))


def _origin(report: Report) -> Text:
    facts = [f"{key} {value}" for key, value in (*report.backend.items(), *report.hardware.items())]
    known = [f"seed {report.seed}", f"grader {report.grader_version}", f"{report.elapsed_ms:.0f} ms", *facts]
    return Text(clean(", ".join(known)), style="dim")


def _table(report: Report) -> Table:
    table = Table(box=box.SIMPLE, pad_edge=False)
    table.add_column("Part", overflow="fold")
    table.add_column("Verdict")
    for heading in ("Points", "Checks", "CPU ms", "Peak MB"):
        table.add_column(heading, justify="right")
    for part in report.parts:
        table.add_row(*_row(part))
    return table


def _row(part: PartReport) -> list[Text]:
    passed = sum(check.verdict is Verdict.PASS for check in part.checks)
    cells = [f"{part.points}/{part.max_points}", f"{passed}/{len(part.checks)}"]
    cells += [f"{part.cpu_ms:.0f}", f"{part.peak_mb:.0f}"]
    return [Text(clean(part.id)), _verdict(part.verdict), *map(Text, cells)]


def _part(part: PartReport, console: Console, verbose: bool) -> None:
    put(console, 0, Text.assemble((clean(part.id), "bold"), ": ", _verdict(part.verdict)))
    for note in part.notes:
        put(console, 2, Text(clean(note)))
    for verdict, checks in _by_verdict(part, verbose):
        put(console, 2, Text.assemble(f"{len(checks)} of {len(part.checks)} checks: ", _verdict(verdict)))
        if verbose:
            _whole(checks, console)
        else:
            _digest(checks, console)
    console.print()


def _by_verdict(part: PartReport, verbose: bool) -> Iterator[tuple[Verdict, list[Check]]]:
    for verdict in GRAVITY:
        checks = [check for check in part.checks if check.verdict is verdict]
        if checks and (verbose or verdict not in SETTLED):
            yield verdict, checks


def _digest(checks: list[Check], console: Console) -> None:
    """The first few different sentences, each with the candidate's lines."""
    alike = Counter((check.says or check.name, check.lines) for check in checks)
    for (says, lines), count in list(alike.items())[:SHOWN]:
        put(console, 4, Text(clean(says) + (f" ({count} times)" if count > 1 else "")))
        _lines(lines, console)
    rest = sum(list(alike.values())[SHOWN:])
    if rest:
        put(console, 4, Text(f"and {rest} more", style="dim"))


def _whole(checks: list[Check], console: Console) -> None:
    """Every check with all that is known about it."""
    for check in checks:
        measured = "".join(f", {name} {value:.3g}" for name, value in check.measured.items())
        put(console, 4, Text(clean(f"{check.name}, {check.time_ms:.1f} ms{measured}"), style="dim"))
        for text in filter(None, (check.says, check.detail)):
            put(console, 6, Text(clean(text)))
        _lines(check.lines, console)


def _lines(lines: tuple[tuple[int, str], ...], console: Console) -> None:
    for number, text in lines:
        put(console, 6, Text(clean(f"line {number}: {text.strip()}"), style="dim"))


def _verdict(verdict: str) -> Text:
    return Text(str(verdict), style=STYLES.get(verdict, "red"))


def put(console: Console, indent: int, text: Text) -> None:
    """Print `text` that far to the right, its further lines as well."""
    console.print(Padding(text, (0, 0, 0, indent), expand=False))
