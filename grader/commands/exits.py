"""What `forwardpass` exits with, and the errors that make it do so."""

from __future__ import annotations

from typing import Final

import click

PASSED: Final = 0
NOT_PASSED: Final = 1
USAGE: Final = 2
NOT_GRADED: Final = 3
INTERRUPTED: Final = 130


class Refused(click.ClickException):
    """What was asked for cannot be done: an argument, a file or a task is not as it must be."""

    exit_code = USAGE


class NotGraded(click.ClickException):
    """Nothing can be graded, through no fault of any submission."""

    exit_code = NOT_GRADED
