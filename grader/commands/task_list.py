"""`forwardpass task list`: every task of the bank in one line each."""

from __future__ import annotations

import json
import sys
from typing import Any

import click
from rich import box
from rich.table import Table
from rich.text import Text

from grader.bank import Bank, default_root
from grader.commands.console import console_for
from grader.commands.exits import USAGE
from grader.task import LANGUAGES, Level, Task, load_task
from grader.textfile import TaskError


@click.command("list")
@click.option("--lang", type=click.Choice(LANGUAGES), default="en", help="The language of the titles.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
@click.pass_context
def command(ctx: click.Context, lang: str, as_json: bool) -> None:
    """List the tasks of the bank. A task that cannot be read is named on stderr, and the exit code is 2."""
    rows, problems = _rows(lang)
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
    else:
        _print(rows)
    for problem in problems:
        click.echo(f"Error: {problem}", err=True)
    ctx.exit(USAGE if problems else 0)


def _rows(lang: str) -> tuple[list[dict[str, Any]], list[TaskError]]:
    rows, problems = [], []
    for folder in Bank(default_root()).folders():
        try:
            rows.append(_row(load_task(folder), lang))
        except TaskError as error:
            problems.append(error)
    return rows, problems


def _row(task: Task, lang: str) -> dict[str, Any]:
    asked = {part.level for part in task.parts}
    return {
        "id": task.id,
        "title": task.title(lang),
        "section": task.section,
        "question": task.question,
        "minutes": task.minutes,
        "levels": [level for level in Level if level in asked],
        "points": sum(part.points for part in task.parts),
        "parts": [{"id": part.id, "level": part.level, "points": part.points} for part in task.parts],
    }


def _print(rows: list[dict[str, Any]]) -> None:
    table = Table(box=box.SIMPLE, pad_edge=False)
    for heading in ("Task", "Title", "Levels"):
        table.add_column(heading, overflow="fold")
    for heading in ("Parts", "Points", "Minutes"):
        table.add_column(heading, justify="right")
    for row in rows:
        numbers = len(row["parts"]), row["points"], row["minutes"]
        table.add_row(*map(Text, (row["id"], row["title"], _span(row["levels"]), *map(str, numbers))))
    console_for(sys.stdout).print(table)


def _span(levels: list[Level]) -> str:
    return levels[0] if len(levels) == 1 else f"{levels[0]} to {levels[-1]}"
