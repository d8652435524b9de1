"""A group of commands each of which is imported only when it runs, so that `--help` is quick."""

from __future__ import annotations

import importlib
import keyword
from collections.abc import Mapping
from typing import Any

import click

from grader.textfile import did_you_mean


class LazyGroup(click.Group):
    """Finds the command `name` as `command` in `grader.commands.<prefix><name>`, a keyword with "_" after it.

    Args:
        commands_of: the prefix of the commands' modules.
        lazy: the first sentence of each command's help, by name.
    """

    def __init__(self, *args: Any, commands_of: str, lazy: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._lazy: dict[str, str] = {}
        self._prefixes: dict[str, str] = {}
        self.add_lazy(f"grader.commands.{commands_of}", lazy)

    def add_lazy(self, prefix: str, lazy: Mapping[str, str]) -> None:
        """Have commands that are found in modules `<prefix><name>`."""
        self._lazy |= lazy
        self._prefixes |= dict.fromkeys(lazy, prefix)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands' names, in the order they are shown."""
        return list(self._lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name, imported now; None if there is none."""
        if cmd_name not in self._lazy:
            return None
        name = f"{cmd_name}_" if keyword.iskeyword(cmd_name) else cmd_name
        module = importlib.import_module(self._prefixes[cmd_name] + name)
        found: click.Command = module.command
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that `args` start with.

        Raises:
            click.UsageError: there is none of that name; the message says which come near.
        """
        if args[0] not in self._lazy and not args[0].startswith("-"):
            ctx.fail(f"no command {args[0]!r}: {did_you_mean(args[0], self._lazy)}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands with their first sentences, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self._lazy.items()))
