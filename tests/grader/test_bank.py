from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from grader import bank as module
from grader.bank import Bank, default_root
from grader.task import TaskError

Write = Callable[..., Path]


@pytest.fixture
def bank(write_task: Write, tmp_path: Path) -> Bank:
    """A bank of three tasks in two sections."""
    write_task("losses", "q026-other-softmax")
    write_task("activations", "q026-stable-softmax")
    manifest = (tmp_path / "tasks/losses/q026-other-softmax/task.toml").read_text()
    write_task("activations", "q001-perceptron", **{"task.toml": manifest.replace("= 26", "= 1")})
    (tmp_path / "tasks" / "notes").mkdir()
    return Bank(tmp_path / "tasks")


def test_tasks_are_sorted(bank: Bank) -> None:
    """All tasks are found, sorted by id, whatever else lies in the bank."""
    assert [task.id for task in bank.tasks()] == ["q001-perceptron", "q026-other-softmax", "q026-stable-softmax"]


@pytest.mark.parametrize("name", ["q001-perceptron", "q001", "q0010"[:4], "q026-s"])
def test_get_by_id_or_prefix(bank: Bank, name: str) -> None:
    """A task is found by its id or by what only its id starts with."""
    assert bank.get(name).id.startswith(name)


def test_exact_id_beats_prefix(bank: Bank, write_task: Write) -> None:
    """An id that another id starts with is still found."""
    write_task("losses", "q026-stable-softmax-two")
    assert bank.get("q026-stable-softmax").id == "q026-stable-softmax"


def test_get_by_path(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    """A task is found by the path of its folder, inside the bank or not."""
    folder = bank.root / "activations" / "q001-perceptron"
    assert Bank(Path("/nowhere")).get(str(folder)).id == "q001-perceptron"
    assert bank.get(folder).id == "q001-perceptron"
    monkeypatch.chdir(folder)
    assert bank.get(".").id == "q001-perceptron"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("q026", "could be any of 2 tasks: q026-other-softmax, q026-stable-softmax"),
        ("q001-perceptrom", "did you mean 'q001-perceptron'"),
        ("stable", "did you mean 'q026-stable-softmax'"),
        ("", "unknown task ''"),
        ("losses/q999", "no task.toml here"),
        ("a\0b", "unknown task"),
    ],
)
def test_get_unknown(bank: Bank, name: str, message: str) -> None:
    """A name that means no task, or several, is refused with the near ones."""
    with pytest.raises(TaskError) as caught:
        bank.get(name)
    assert message in str(caught.value)


def test_by_id_follows_nothing(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name from outside opens no folder and completes no prefix."""
    folder = bank.root / "activations" / "q001-perceptron"
    monkeypatch.chdir(folder)
    assert bank.by_id("q001-perceptron").folder == folder
    for name in (".", str(folder), "q001", "../activations/q001-perceptron", ""):
        with pytest.raises(TaskError, match="unknown task"):
            bank.by_id(name)


def test_one_id_twice(bank: Bank, write_task: Write) -> None:
    """Two tasks of one id are an error that names both."""
    write_task("losses", "q001-perceptron")
    with pytest.raises(TaskError, match="has the same id") as caught:
        bank.tasks()
    assert "activations" in str(caught.value)
    assert "losses" in str(caught.value)


def test_no_bank(tmp_path: Path) -> None:
    """A missing bank is an error that says how to name one."""
    with pytest.raises(TaskError, match="FORWARDPASS_TASKS"):
        Bank(tmp_path / "none").tasks()


def test_default_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bank is what the environment names, else what the wheel carries, else the checkout's folder."""
    monkeypatch.delenv("FORWARDPASS_TASKS", raising=False)
    monkeypatch.setattr(module, "__file__", str(tmp_path / "grader" / "bank.py"))
    with pytest.raises(TaskError, match="no task bank here"):
        default_root()
    (tmp_path / "tasks").mkdir()
    assert default_root() == tmp_path / "tasks"
    (tmp_path / "grader" / "_tasks").mkdir(parents=True)
    assert default_root() == tmp_path / "grader" / "_tasks"
    monkeypatch.setenv("FORWARDPASS_TASKS", str(tmp_path))
    assert default_root() == tmp_path
    monkeypatch.setenv("FORWARDPASS_TASKS", str(tmp_path / "none"))
    with pytest.raises(TaskError, match="no task bank here"):
        default_root()
