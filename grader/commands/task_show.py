"""`forwardpass task show`: what a candidate sees of a task."""

from __future__ import annotations

import sys
from typing import Final

import click
from rich.markdown import Markdown

from grader.bank import Bank, default_root
from grader.commands.console import console_for
from grader.task import LANGUAGES, Part, Task

DEVICE: Final = {
    "en": "Part {}: device = {}. Where there is no such device it is judged on the CPU, its budgets not measured.",
    "ru": "Часть {}: device = {}. Где такого устройства нет, её проверяют на CPU, а бюджеты не измеряют.",
}


@click.command("show")
@click.argument("task")
@click.option("--lang", type=click.Choice(LANGUAGES), default="en", help="The language of the statement.")
@click.option("--part", metavar="ID", help="Show the section of this part only.")
@click.option("--starter", is_flag=True, help="Show the starter in place of the statement.")
def command(task: str, lang: str, part: str | None, starter: bool) -> None:
    """Show a task's statement, drawn for a terminal; a file or a pipe gets the Markdown itself."""
    found = Bank(default_root()).get(task)
    if starter:
        click.echo(found.starter, nl=False)
    elif sys.stdout.isatty():
        console_for(sys.stdout).print(Markdown(_statement(found, lang, part)))
    else:
        click.echo(_statement(found, lang, part), nl=False)


def _statement(task: Task, lang: str, part: str | None) -> str:
    if part is None:
        return task.text("statement", lang) + _devices(task.parts, lang)
    (chosen,) = task.select(part_ids=[part])
    return f"## {chosen.id}\n\n{task.statement(lang).get(chosen.id, '')}\n" + _devices((chosen,), lang)


def _devices(parts: tuple[Part, ...], lang: str) -> str:
    """A line for each part that is not for the CPU."""
    return "".join(f"\n> {DEVICE[lang].format(part.id, part.device)}\n" for part in parts if part.device != "cpu")
