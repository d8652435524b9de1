"""`forwardpass task check`: proves of each task what it promises, and says what to do where it does not.

What was proven before and has not changed since is not proven again.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from functools import partial
from typing import Any

import click
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from grader.bank import Bank, default_root
from grader.check import Finding, check_tasks
from grader.commands.console import console_for
from grader.commands.exits import NOT_PASSED, PASSED, USAGE
from grader.commands.lanes import opened
from grader.commands.progress import Reporter, reporter
from grader.proof import Proofs, default_folder, rests_on
from grader.report import clean
from grader.task import Task, load_task
from grader.textfile import TaskError


@click.command("check")
@click.argument("names", metavar="[TASK]...", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Check every task of the bank.")
@click.option(
    "--seeds", type=click.IntRange(min=1), default=20, show_default=True, help="Try the reference on so many."
)
@click.option("--afresh", is_flag=True, help="Prove also what was proven before and has not changed.")
@click.option(
    "--rounds",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Grade so often what hangs on a clock: budgets, and calls that hang. More than one prove everything afresh.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, one task a line.")
@click.option("-q", "--quiet", is_flag=True, help="Show no progress.")
@click.pass_context
def command(
    ctx: click.Context,
    names: tuple[str, ...],
    everything: bool,
    seeds: int,
    afresh: bool,
    rounds: int,
    as_json: bool,
    quiet: bool,
) -> None:
    """Prove that tasks are what they promise.

    A proof is remembered until the task, the grader, what they run on or the machine changes.

    Exit codes: 0 nothing was found, 1 something was, 2 a task is unknown or broken, 3 nothing can be graded here.
    """
    if bool(names) == everything:
        raise click.UsageError("name the tasks to check, or say --all")
    tasks, broken = _every_task() if everything else ([Bank(default_root()).get(name) for name in names], [])
    for error in broken:
        click.echo(f"Error: {error}", err=True)
    proofs = Proofs(default_folder(), seeds)
    waiting = [task for task in tasks if afresh or rounds > 1 or not proofs.stands(task)]
    for task in tasks:
        if task not in waiting:
            _tell(task, [], as_json, before=True)
    found = _check_all(waiting, proofs, rounds, as_json, quiet) if waiting else False
    ctx.exit(USAGE if broken else NOT_PASSED if found else PASSED)


def _every_task() -> tuple[list[Task], list[TaskError]]:
    """The tasks of the bank, and what is wrong with those that cannot be read."""
    tasks, broken = [], []
    for folder in Bank(default_root()).folders():
        try:
            tasks.append(load_task(folder))
        except TaskError as error:
            broken.append(error)
    return tasks, broken


def _check_all(tasks: list[Task], proofs: Proofs, rounds: int, as_json: bool, quiet: bool) -> bool:
    """Whether anything was found."""
    found = False
    with reporter(quiet=quiet, streams=True) as progress, opened(None, progress) as grader:
        bases = {task.id: rests_on(task) for task in tasks}
        on_step = partial(_on_step, progress)
        for task, findings in check_tasks(grader, tasks, seeds=proofs.seeds, rounds=rounds, on_step=on_step):
            if not findings:
                _keep(proofs, task, bases[task.id], progress)
            _tell(task, findings, as_json)
            found |= bool(findings)
    return found


def _keep(proofs: Proofs, task: Task, basis: dict[str, Any], progress: Reporter) -> None:
    try:
        proofs.keep(task, basis)
    except OSError as error:
        progress.stage(f"{task.id} is proven, which cannot be remembered: {error}")


def _tell(task: Task, findings: list[Finding], as_json: bool, *, before: bool = False) -> None:
    if as_json:
        click.echo(json.dumps(_plain(task, findings) | {"proven_before": before}, ensure_ascii=False))
    else:
        _print(task, findings, console_for(sys.stdout), "as promised, proven before" if before else "as promised")


def _on_step(progress: Reporter, done: int, total: int, what: str) -> None:
    progress.at(what, done, total)


def _plain(task: Task, findings: list[Finding]) -> dict[str, Any]:
    return {"task": task.id, "task_digest": task.digest, "findings": [asdict(finding) for finding in findings]}


def _print(task: Task, findings: list[Finding], console: Console, good: str) -> None:
    console.print(Text(f"{task.id}: {f'{len(findings)} findings' if findings else good}", style="bold"))
    for finding in findings:
        console.print(Padding(Text(clean(f"{finding.where}: {finding.problem}")), (0, 0, 0, 2), expand=False))
        console.print(Padding(Text(clean(finding.fix), style="dim"), (0, 0, 0, 4), expand=False))
