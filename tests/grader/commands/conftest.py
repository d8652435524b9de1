"""A bank with one small task, one warm grader for all tests of this folder, and the command line to run with both."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from grader.cli import cli
from grader.commands import grade, task_check, try_
from grader.commands.task_new import files_of_new
from grader.grade import Grader

TASK = "q001-centred-rows"

Run = Callable[..., Result]


@pytest.fixture
def bank(tmp_path: Path) -> Path:
    """A bank whose only task is a new one, as `task new` writes it."""
    root = tmp_path / "tasks"
    for name, text in files_of_new(TASK).items():
        path = root / "01-basics" / TASK / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


@pytest.fixture
def cold(bank: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command line in an empty folder."""
    monkeypatch.setenv("FORWARDPASS_TASKS", str(bank))
    monkeypatch.setenv("FORWARDPASS_PROOFS", str(tmp_path / "proofs"))
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return lambda *args, **more: CliRunner().invoke(cli, [str(arg) for arg in args], **more)


@pytest.fixture(scope="session")
def warm_grader() -> Iterator[Grader]:
    """A grader on two lanes."""
    with Grader(2) as grader:
        yield grader


@pytest.fixture
def run(cold: Run, warm_grader: Grader, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command line with lanes that are warm already."""

    @contextlib.contextmanager
    def opened(*args: Any, **kwargs: Any) -> Iterator[Grader]:
        yield warm_grader

    monkeypatch.setattr(grade, "opened", opened)
    monkeypatch.setattr(task_check, "opened", opened)
    monkeypatch.setattr(try_, "opened", opened)
    return cold
