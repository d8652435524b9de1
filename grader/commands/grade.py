"""`forwardpass grade`: what is to be graded and how, checked before anything starts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from grader.bank import Bank, default_root
from grader.commands.batch import Batch
from grader.commands.exits import Refused
from grader.commands.lanes import opened
from grader.commands.output import Output
from grader.commands.progress import reporter
from grader.grade import Options, lanes_here
from grader.submission import Submission, SubmissionError, read_submissions
from grader.task import Level

#: Seeds drawn from the secret are below this as well.
MAX_SEED = 2**48 - 1


@click.command("grade")
@click.argument("task")
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option("--part", "parts", multiple=True, metavar="ID", help="Grade this part; can be given several times.")
@click.option(
    "--level", type=click.Choice([str(known) for known in Level]), help="Grade the parts asked at this level."
)
@click.option("--seed", type=click.IntRange(0, MAX_SEED), help="Draw the inputs from this; a report names its own.")
@click.option("--no-budgets", is_flag=True, help="Measure no time, memory or growth.")
@click.option(
    "--jobs", type=click.IntRange(min=1), help="Grade so many at once; as many as there are cores by default."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, one report a line.")
@click.option("--output", "to_file", type=click.Path(path_type=Path), help="Write the JSON to this file as well.")
@click.option("--junit", type=click.Path(path_type=Path), help="Write JUnit XML to this file.")
@click.option("-v", "--verbose", count=True, help="Say more: every report; details and measurements.")
@click.option("-q", "--quiet", is_flag=True, help="Show no progress and no report.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    task: str,
    files: tuple[str, ...],
    parts: tuple[str, ...],
    level: str | None,
    seed: int | None,
    no_budgets: bool,
    jobs: int | None,
    **output: Any,
) -> None:
    """Grade submissions to a task.

    TASK is an id, the start of one such as q026, or a folder. Each FILE is a Python file, a folder of them, or - for
    standard input. Exit codes: 0 all passed, 1 graded but not all passed, 2 wrong use, 3 could not be graded.
    """
    options = Options(seed=seed, level=Level(level) if level else None, parts=parts, budgets=not no_budgets)
    shown = Output(**output)
    shown.require_writable()
    ctx.exit(_grade(_batch(task, files, options), jobs, shown))


def _batch(task_name: str, files: tuple[str, ...], options: Options) -> Batch:
    """What was asked for, as far as it can be checked without starting anything."""
    task = Bank(default_root()).get(task_name)
    task.select(options.level, options.parts)
    task.title("en")
    return Batch(task, _read(files), options)


def _read(files: tuple[str, ...]) -> list[Submission]:
    try:
        return read_submissions(files)
    except SubmissionError as error:
        raise Refused(str(error)) from error


def _grade(batch: Batch, jobs: int | None, output: Output) -> int:
    slots = min(jobs or lanes_here(), len(batch.submissions))
    progress = reporter(quiet=output.quiet, streams=output.as_json)
    with progress, opened(slots, progress, races=batch.has_races) as grader:
        return output.write(batch.grade(grader, progress), progress)
