"""The command `forwardpass`: its subcommands by name, and what each kind of failure says and exits with."""

from __future__ import annotations

import signal
import sys
from types import FrameType
from typing import Any

import click

from grader import __version__
from grader.commands.exits import INTERRUPTED, NotGraded, Refused
from grader.commands.lazy import LazyGroup
from grader.textfile import TaskError
from sandbox.errors import SandboxError

COMMANDS = {
    "grade": "Grade submissions to a task.",
    "try": "Run a task's public tests on a file; nothing is scored.",
    "task": "List, show, create and check tasks.",
    "doctor": "Say whether grading works on this machine, and what to do if not.",
}


class Root(LazyGroup):
    """The top level: the one place where an exception becomes a message and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run what was asked for.

        Raises:
            click.ClickException: it cannot be done as asked (2), or nothing can be graded here (3).
        """
        try:
            return super().invoke(ctx)
        except TaskError as error:
            raise Refused(str(error)) from error
        except SandboxError as error:
            raise NotGraded(f"{error}\n`forwardpass doctor` says what works on this machine") from error
        except KeyboardInterrupt:
            ctx.exit(INTERRUPTED)


@click.group(cls=Root, commands_of="", lazy=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="forwardpass")
def cli() -> None:
    """Grade practical deep-learning assessments: real PyTorch code, hidden tests, a sandbox.

    Exit codes: 0 all passed, 1 graded but not all passed, 2 wrong use or a broken file, 3 could not be graded.
    """


def main() -> None:
    """Run the command line; a request to end the process ends it as an interrupt does, with everything cleared away."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _end)
    cli(prog_name="forwardpass")


def _end(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)


if __name__ == "__main__":
    main()
