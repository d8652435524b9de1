from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from grader import proof
from grader.proof import Proofs, default_folder, rests_on
from grader.task import Task, load_task

WriteTask = Callable[..., Path]


@pytest.fixture
def task(write_task: WriteTask) -> Task:
    """Some task."""
    return load_task(write_task())


@pytest.fixture
def proofs(tmp_path: Path) -> Proofs:
    """No proofs yet, in a folder that is not there."""
    return Proofs(tmp_path / "caches" / "proofs", seeds=20)


def test_stands(proofs: Proofs, task: Task) -> None:
    """A proof stands once it is kept, for as many seeds and fewer, not for more."""
    assert not proofs.stands(task)
    proofs.keep(task, rests_on(task))
    assert proofs.stands(task)
    assert Proofs(proofs.folder, 5).stands(task)
    assert not Proofs(proofs.folder, 21).stands(task)


def test_changed_meanwhile(proofs: Proofs, task: Task) -> None:
    """A task that changed while it was being proven is not proven."""
    basis = rests_on(task)
    (task.folder / "starter.py").write_text("")
    proofs.keep(task, basis)
    assert not proofs.stands(task)


@pytest.mark.parametrize("what", ["code", "versions", "machine"])
def test_falls_with_its_ground(proofs: Proofs, task: Task, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    """Another grader, another library or another machine has to prove it again."""
    proofs.keep(task, rests_on(task))
    ground = proof._ground() | {what: {"other": "one"}}
    monkeypatch.setattr(proof, "_ground", lambda: ground)
    assert not proofs.stands(task)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"rests_on": 1}'])
def test_spoilt_file(proofs: Proofs, task: Task, text: str) -> None:
    """A file that is no proof proves nothing, and is replaced."""
    proofs.folder.mkdir(parents=True)
    (proofs.folder / f"{task.id}.json").write_text(text)
    assert not proofs.stands(task)
    proofs.keep(task, rests_on(task))
    assert proofs.stands(task)
    assert os.listdir(proofs.folder) == [f"{task.id}.json"]


def test_default_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Proofs are kept where the user says, or among the user's caches."""
    monkeypatch.setenv("FORWARDPASS_PROOFS", "/one")
    assert default_folder() == Path("/one")
    monkeypatch.delenv("FORWARDPASS_PROOFS")
    monkeypatch.setenv("XDG_CACHE_HOME", "/two")
    assert default_folder() == Path("/two/forwardpass/proofs")
