from __future__ import annotations

import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from grader import __version__
from grader.bank import Bank
from grader.cli import COMMANDS, cli
from grader.commands import task
from grader.commands.lazy import LazyGroup
from sandbox.errors import SandboxUnavailable


def test_version() -> None:
    """The version is the package's."""
    assert CliRunner().invoke(cli, ["--version"]).output == f"forwardpass, version {__version__}\n"


@pytest.mark.parametrize(("group", "texts"), [(cli, COMMANDS), (task.command, task.COMMANDS)])
def test_short_help(group: LazyGroup, texts: dict[str, str]) -> None:
    """What a group says of a command before importing it is what the command says of itself, or more."""
    context = click.Context(group)
    for name in texts:
        command = group.get_command(context, name)
        assert command is not None
        assert command.name == name
        assert command.help
        assert name in CliRunner().invoke(group, ["--help"]).output


def test_unknown_command() -> None:
    """An unknown command is answered with those that come near."""
    result = CliRunner().invoke(cli, ["task", "chekc"])
    assert result.exit_code == 2
    assert "no command 'chekc': did you mean 'check'?" in result.stderr


def test_no_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sandbox that does not work ends any command with 3, and leads to the doctor."""

    def refuse(bank: Bank) -> None:
        raise SandboxUnavailable("no namespaces")

    monkeypatch.setattr(Bank, "folders", refuse)
    result = CliRunner().invoke(cli, ["task", "list"])
    assert result.exit_code == 3
    assert "Error: no namespaces\n`forwardpass doctor`" in result.stderr


def test_interrupt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C ends any command with 130."""

    def interrupt(bank: Bank) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Bank, "folders", interrupt)
    assert CliRunner().invoke(cli, ["task", "list"]).exit_code == 130


@pytest.mark.parametrize("arguments", [["--help"], ["task", "list"], ["grade", "--help"]])
def test_starts_without_torch(arguments: list[str]) -> None:
    """What needs no lane imports neither torch nor numpy nor pytest."""
    code = f"import sys; from grader.cli import cli; cli({arguments}, standalone_mode=False)"
    code += "; assert not {'torch', 'numpy', 'pytest'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)
