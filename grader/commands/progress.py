"""What is happening, on stderr: a bar where someone looks at it, plain lines where not, nothing if asked."""

from __future__ import annotations

import sys
from typing import Self

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn


class Reporter:
    """Told of every step, from many threads; a context manager. This one says nothing."""

    def stage(self, text: str) -> None:
        """Something of unknown length begins."""

    def count(self, text: str, total: int) -> None:
        """`total` steps begin."""

    def step(self, text: str) -> None:
        """One of them is done; `text` says what it was part of."""

    def at(self, text: str, done: int, total: int) -> None:
        """`done` of `total` steps are done; `text` says what the last one was."""

    def done(self) -> None:
        """Everything is done; what was drawn is taken away."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.done()


class Lines(Reporter):
    """For logs: a line whenever the text changes, or another tenth is done."""

    def __init__(self) -> None:
        self._done = self._total = 0
        self._last = ""

    def stage(self, text: str) -> None:
        """Print it."""
        click.echo(text, err=True)

    def count(self, text: str, total: int) -> None:
        """Print it, and count from zero."""
        self._done, self._total = 0, total
        click.echo(text, err=True)

    def step(self, text: str) -> None:
        """Print what is new."""
        self._done += 1
        if text != self._last:
            self._last = text
            click.echo(f"[{self._done}/{self._total}] {text}", err=True)

    def at(self, text: str, done: int, total: int) -> None:
        """Print each tenth."""
        if done * 10 // total > (done - 1) * 10 // total:
            click.echo(f"[{done}/{total}] {text}", err=True)


class Bar(Reporter):
    """For a person: one line that is drawn over and over, and gone at the end."""

    def __init__(self) -> None:
        columns = TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
        self._progress = Progress(
            SpinnerColumn(),
            *columns,
            console=Console(stderr=True),
            transient=True,
            redirect_stdout=False,  # what is written there belongs there, and not above the bar
            redirect_stderr=False,
        )
        self._task: TaskID = self._progress.add_task("", total=None)

    def stage(self, text: str) -> None:
        """Show it."""
        self._progress.update(self._task, description=text)

    def count(self, text: str, total: int) -> None:
        """Show it, and an empty bar."""
        self._progress.update(self._task, description=text, total=total, completed=0)

    def step(self, text: str) -> None:
        """Move the bar by one."""
        self._progress.update(self._task, description=text, advance=1)

    def at(self, text: str, done: int, total: int) -> None:
        """Move the bar there."""
        self._progress.update(self._task, description=text, completed=done, total=total)

    def done(self) -> None:
        """Take the bar away."""
        self._progress.stop()

    def __enter__(self) -> Self:
        self._progress.start()
        return self


def reporter(*, quiet: bool = False, streams: bool = False) -> Reporter:
    """The right one for this terminal; `streams` says that stdout is written to meanwhile."""
    if quiet:
        return Reporter()
    drawn_over = streams and sys.stdout.isatty()
    return Bar() if Console(stderr=True).is_interactive and not drawn_over else Lines()
