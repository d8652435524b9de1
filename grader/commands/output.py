"""Where the results of a grading go: a report or a table, JSON, JSON Lines and JUnit XML."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import click

from grader.commands.batch import Failed, Result
from grader.commands.console import console_for
from grader.commands.exits import NOT_GRADED, NOT_PASSED, PASSED, Refused
from grader.commands.progress import Reporter
from grader.commands.summary import render_summary
from grader.junit import to_junit
from grader.render import render
from grader.report import Report, to_json
from grader.score import ReportVerdict
from grader.verdict import Verdict


@dataclass(frozen=True)
class Output:
    """What the user asked to see, and where."""

    as_json: bool = False
    to_file: Path | None = None
    junit: Path | None = None
    verbose: int = 0
    quiet: bool = False

    def require_writable(self) -> None:
        """Find out before anything is graded.

        Raises:
            Refused: a file that was asked for cannot be written.
        """
        for path in filter(None, (self.to_file, self.junit)):
            if path.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
                raise Refused(f"{path}: cannot be written")

    def write(self, results: Iterator[Result], progress: Reporter) -> int:
        """Write every result as it comes and the rest when there is no progress to show any more; the exit code.

        Raises:
            Refused: a file that was asked for cannot be written.
        """
        kept = []
        with _opened(self.junit) as junit, _opened(self.to_file) as file:
            for result in results:
                kept.append(result)
                self._stream(result, file)
            if junit:
                junit.write(_junit(kept))
        progress.done()
        if not (self.as_json or self.quiet):
            self._show(kept)
        return exit_code(kept)

    def _stream(self, result: Result, file: TextIO | None) -> None:
        line = json.dumps(_plain(result), ensure_ascii=False)
        if file:
            print(line, file=file, flush=True)
        if self.as_json:
            click.echo(line)

    def _show(self, results: list[Result]) -> None:
        console = console_for(sys.stdout)
        alone = len(results) == 1
        for result in results if alone or self.verbose else []:
            if isinstance(result, Report):
                render(result, console, verbose=self.verbose > (0 if alone else 1))
            elif alone:
                click.echo(f"{result.submission}: {Verdict.SYSTEM_ERROR}: {result.error}", err=True)
        if not alone:
            render_summary(results, console)


def exit_code(results: list[Result]) -> int:
    """0 if all passed, 3 if some could not be graded, else 1."""
    if any(isinstance(result, Failed) for result in results):
        return NOT_GRADED
    passed = all(isinstance(result, Report) and result.verdict is ReportVerdict.PASS for result in results)
    return PASSED if passed else NOT_PASSED


def _plain(result: Result) -> dict[str, Any]:
    if isinstance(result, Report):
        return to_json(result)
    return {"submission": result.submission, "verdict": Verdict.SYSTEM_ERROR, "error": result.error}


def _junit(results: list[Result]) -> str:
    reports = [result for result in results if isinstance(result, Report)]
    return to_junit(reports, {result.submission: result.error for result in results if isinstance(result, Failed)})


@contextlib.contextmanager
def _opened(path: Path | None) -> Iterator[TextIO | None]:
    """A file to be written, or None where none was asked for."""
    if path is None:
        yield None
        return
    try:
        file = path.open("w", encoding="utf-8")
    except OSError as error:
        raise Refused(f"{path}: cannot be written: {error.strerror}") from error
    with file:
        yield file
