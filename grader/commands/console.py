"""The console that reports and tables are printed on."""

from __future__ import annotations

from typing import Final, TextIO

from rich.console import Console

#: How wide a line may be where no terminal says so.
WIDTH: Final = 120


def console_for(stream: TextIO) -> Console:
    """A console on `stream` that folds no line of a file or a pipe at 80 columns."""
    console = Console(file=stream, highlight=False)
    return console if console.is_terminal else Console(file=stream, highlight=False, width=WIDTH)
