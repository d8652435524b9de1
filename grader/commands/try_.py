"""`forwardpass try`: a task's public tests on one file, as the candidate runs them; nothing is scored."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from grader.bank import Bank, default_root
from grader.commands.console import console_for
from grader.commands.exits import NOT_PASSED, PASSED, NotGraded, Refused
from grader.commands.lanes import opened
from grader.commands.progress import reporter
from grader.grade import SystemFailure
from grader.public_render import render_public
from grader.public_report import PublicReport
from grader.submission import STDIN, Submission, SubmissionError, read_submissions
from grader.task import Task


@click.command("try")
@click.argument("task")
@click.argument("file")
@click.option(
    "--part", "parts", multiple=True, metavar="ID", help="Run the tests of this part; can be given several times."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("-q", "--quiet", is_flag=True, help="Show no progress.")
@click.pass_context
def command(ctx: click.Context, /, task: str, file: str, parts: tuple[str, ...], as_json: bool, quiet: bool) -> None:
    """Run a task's public tests on FILE, or on standard input where it is -.

    Exit codes: 0 all passed, 1 not all, 2 wrong use, 3 they could not be run.
    """
    found = Bank(default_root()).get(task)
    found.select(None, parts)
    submission = _read(file)
    report = _run(found, submission, parts, quiet or as_json)
    if as_json:
        click.echo(json.dumps(report.to_json(), ensure_ascii=False))
    else:
        render_public(report, submission.name, console_for(sys.stdout))
    ctx.exit(PASSED if report.passed else NOT_PASSED)


def _read(file: str) -> Submission:
    if file != STDIN and Path(file).is_dir():
        raise Refused(f"{file}: a folder: name one file")
    try:
        return read_submissions([file])[0]
    except SubmissionError as error:
        raise Refused(str(error)) from error


def _run(task: Task, submission: Submission, parts: tuple[str, ...], quiet: bool) -> PublicReport:
    progress = reporter(quiet=quiet)
    try:
        with progress, opened(1, progress, races=False, examiner=False) as grader:
            return grader.run_public(task, submission, parts=parts)
    except SystemFailure as failure:
        raise NotGraded(str(failure)) from failure
