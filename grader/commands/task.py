"""`forwardpass task`: the group of commands about the tasks themselves."""

from __future__ import annotations

import click

from grader.commands.lazy import LazyGroup

COMMANDS = {
    "list": "List the tasks of the bank.",
    "show": "Show a task's statement or its starter.",
    "new": "Create the folder of a new task, complete and ready to be filled in.",
    "check": "Prove that tasks are what they promise.",
}


@click.group("task", cls=LazyGroup, commands_of="task_", lazy=COMMANDS)
def command() -> None:
    """List, show, create and check tasks."""
