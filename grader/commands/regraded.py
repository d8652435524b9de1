"""What a re-grade changed, as people and programs read it: tables, JSON Lines, JUnit XML, Markdown."""

from __future__ import annotations

import json
import sys
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from grader.commands.console import console_for
from grader.regrade import Comparison, matrix
from grader.report import clean

#: So many checks are named for a submission that changed; the JSON has them all.
SHOWN = 6


@dataclass(frozen=True)
class Output:
    """What the user asked to see, and where."""

    as_json: bool = False
    junit: Path | None = None
    markdown: Path | None = None

    def write(self, comparisons: Sequence[Comparison]) -> None:
        """Write everything that was asked for."""
        if self.as_json:
            for one in comparisons:
                click.echo(json.dumps(one.to_json(), ensure_ascii=False))
        else:
            _print(comparisons, console_for(sys.stdout))
        if self.junit:
            self.junit.write_text(to_junit(comparisons), encoding="utf-8")
        if self.markdown:
            self.markdown.write_text(to_markdown(comparisons), encoding="utf-8")


def to_junit(comparisons: Sequence[Comparison]) -> str:
    """A test case a submission; one whose verdict or points changed has failed."""
    changed = sum(one.is_change for one in comparisons)
    suite = ET.Element("testsuite", name="regrade", tests=str(len(comparisons)), failures=str(changed))
    for one in comparisons:
        case = ET.SubElement(suite, "testcase", classname=clean(one.task), name=clean(one.submission))
        if one.is_change:
            ET.SubElement(case, "failure", type="changed", message=clean(_moved(one))).text = "\n".join(_why(one))
    ET.indent(suite)
    return ET.tostring(suite, encoding="unicode") + "\n"


def to_markdown(comparisons: Sequence[Comparison]) -> str:
    """The matrix and the changed submissions, for a summary page."""
    lines = ["| was | is | submissions |", "|---|---|---|"]
    lines += [f"| {old} | {new} | {count} |" for (old, new), count in matrix(comparisons).items()]
    changed = [one for one in comparisons if one.is_change]
    if changed:
        lines += ["", "| submission | points | why |", "|---|---|---|"]
        lines += [f"| {clean(one.submission)} | {_points(one)} | {'; '.join(_why(one))} |" for one in changed]
    return "\n".join(lines) + "\n"


def _print(comparisons: Sequence[Comparison], console: Console) -> None:
    table = Table("was", "is", "submissions")
    for (old, new), count in matrix(comparisons).items():
        table.add_row(old, new, str(count), style="bold" if old != new else "")
    console.print(table)
    changed = [one for one in comparisons if one.is_change]
    if changed:
        details = Table("submission", "task", "verdict", "points", "why")
        for one in changed:
            verdicts = f"{one.old_verdict} → {one.new_verdict}"
            details.add_row(clean(one.submission), one.task, verdicts, _points(one), "\n".join(_why(one)))
        console.print(details)
    console.print(f"{len(comparisons)} submissions graded again: {len(changed)} changed")


def _moved(one: Comparison) -> str:
    return f"{one.old_verdict} → {one.new_verdict}, points {_points(one)}"


def _points(one: Comparison) -> str:
    return f"{one.old_points} → {one.new_points} of {one.max_points}"


def _why(one: Comparison) -> list[str]:
    """The checks that were judged otherwise, and whether the task was another."""
    checks = [change for change in one.changes if change.check]
    said = [f"{change.part}/{change.check}: {change.old} → {change.new}" for change in checks[:SHOWN]]
    if len(checks) > SHOWN:
        said.append(f"and {len(checks) - SHOWN} more")
    if one.old_task_digest != one.new_task_digest:
        said.append(f"the task changed: {one.old_task_digest[:12]} → {one.new_task_digest[:12]}")
    return [clean(text) for text in said]
