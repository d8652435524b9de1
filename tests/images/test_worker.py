"""What grades: it has all the others lack."""

from __future__ import annotations

from tests.images import secrets
from tests.images.conftest import Built


def test_lists_tasks(worker: Built) -> None:
    """It lists every task of the bank."""
    listed = worker.run("forwardpass", "task", "list", environment={"COLUMNS": "200"})
    names = {path.parent.name for path in secrets.TASKS.rglob("task.toml")}
    assert names
    assert all(name in listed for name in names), secrets.STALE


def test_hidden_files(worker: Built) -> None:
    """Hidden tests, references and mutants of every task are in it."""
    missing = secrets.digests() - {entry.digest for entry in worker.entries}
    assert not missing, secrets.STALE


def test_requirements(worker: Built) -> None:
    """What grading imports is installed, the engine's SDK included."""
    code = "import docker, numpy, pytest, torch; print(torch.ones(2).sum().item())"
    assert worker.run("python", "-c", code).strip() == "2.0"


def test_sockets_folder(worker: Built) -> None:
    """The folder where lanes meet it is its own, and others may pass through but not list it."""
    code = "import os; s = os.stat('/run/forwardpass'); print(oct(s.st_mode & 0o777), s.st_uid == os.getuid())"
    assert worker.run("python", "-c", code).split() == ["0o711", "True"]
