"""`forwardpass doctor`: whether grading works on this machine, fact by fact."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Final

import click
from rich.console import Console
from rich.text import Text

from grader.commands.console import console_for
from grader.commands.exits import NOT_GRADED, PASSED
from grader.doctor import facts
from grader.fact import Fact
from grader.report import clean

STYLES: Final = {"ok": "green", "missing": "bold red", "note": "yellow"}


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """Say whether grading works on this machine, and what to do if not.

    It starts a sandbox and has hostile code try to get out. Exit codes: 0 grading works, 3 it does not.
    """
    console = console_for(sys.stdout)
    found = []
    for fact in facts():
        found.append(fact)
        if not as_json:
            _print(fact, console)
    works = all(fact.ok or not fact.needed for fact in found)
    _close(found, works, as_json)
    ctx.exit(PASSED if works else NOT_GRADED)


def _print(fact: Fact, console: Console) -> None:
    line = Text.assemble((f"{fact.status:7}", STYLES[fact.status]), f"  {fact.name}: ", clean(fact.says))
    if not fact.ok:
        line.append(clean(f"; {fact.fix}"), style="bold")
    console.print(line, soft_wrap=True)


def _close(found: list[Fact], works: bool, as_json: bool) -> None:
    if as_json:
        plain = [asdict(fact) | {"status": fact.status} for fact in found]
        click.echo(json.dumps({"works": works, "facts": plain}, ensure_ascii=False, indent=2))
    else:
        click.echo("Grading works here." if works else "Grading does not work here yet.")
