from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.task import Level, TaskError, entry_returns, load_task

Write = Callable[..., Path]


def test_load(write_task: Write) -> None:
    """A task takes its id and section from where it lies, the rest from its files."""
    task = load_task(write_task())
    assert (task.id, task.section, task.question) == ("q026-stable-softmax", "activations", 26)
    assert [part.id for part in task.parts] == ["softmax", "log-softmax"]
    assert [discussion.follow_up for discussion in task.discussions] == [1]
    assert task.hidden_tests.name == "test_hidden.py"
    assert task.public_tests.is_file()
    assert "return x" in task.reference
    assert entry_returns(task.starter) == {"softmax": "Tensor"}


def test_load_from_inside(write_task: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder may be given as the current one, or by way of a link under its right name."""
    folder = write_task()
    monkeypatch.chdir(folder)
    assert load_task(Path(".")).id == folder.name
    other = folder.parent.parent / "losses"
    other.mkdir()
    moved = folder.rename(other / "store")
    os.symlink(moved, folder)
    assert load_task(folder).section == "activations"


def test_languages(write_task: Write) -> None:
    """Title, introduction and sections come in both languages, and in no other."""
    task = load_task(write_task())
    assert (task.title("en"), task.title("ru")) == ("Stable softmax", "Устойчивый softmax")
    assert (task.introduction("en"), task.introduction("ru")) == ("Why.", "Зачем.")
    assert task.statement("ru") == {"softmax": "Раз.", "log-softmax": "Два."}
    assert task.text("statement", "ru").startswith("# Устойчивый")
    with pytest.raises(TaskError, match="unknown language 'de'"):
        task.text("statement", "de")
    with pytest.raises(TaskError, match=r"interviewer\.md: there is no such file"):
        task.text("interviewer", "en")


def test_mutants(write_task: Write) -> None:
    """Mutants are read by name; caches and other files beside them are not."""
    folder = write_task(
        **{"mutants/a.py": '# expect: softmax fails\n"""So."""\n', "mutants/.b.py": "x", "mutants/c.txt": ""}
    )
    assert [mutant.name for mutant in load_task(folder).mutants()] == ["a", "naive"]


@pytest.mark.parametrize(
    ("level", "names", "chosen"),
    [
        (None, (), ["softmax", "log-softmax"]),
        (Level.MIDDLE, (), ["softmax"]),
        (Level.LEAD, (), ["softmax", "log-softmax"]),
        (None, ("log-softmax",), ["log-softmax"]),
        (None, ("log-softmax", "softmax"), ["softmax", "log-softmax"]),
        (Level.SENIOR, ("softmax",), ["softmax"]),
    ],
)
def test_select(write_task: Write, level: Level | None, names: tuple[str, ...], chosen: list[str]) -> None:
    """A level picks the parts up to it, names pick themselves, always in the task's order."""
    assert [part.id for part in load_task(write_task()).select(level, names)] == chosen


def test_select_nothing(write_task: Write) -> None:
    """A selection that leaves nothing to grade is an error, and so is an unknown part."""
    task = load_task(write_task())
    with pytest.raises(TaskError, match="at level middle: these parts start at senior"):
        task.select(Level.MIDDLE, ["log-softmax"])
    with pytest.raises(TaskError, match="unknown part 'sofmax': did you mean 'softmax'"):
        task.select(None, ["sofmax"])


def test_digest(write_task: Write) -> None:
    """The digest follows every file of the task, and only them."""
    task = load_task(write_task())
    before = task.digest
    (task.folder / "__pycache__").mkdir()
    (task.folder / "__pycache__" / "x.pyc").write_bytes(b"x")
    assert task.digest == before
    (task.folder / "mutants" / "naive.py").write_text("")
    assert task.digest != before


@pytest.mark.parametrize(
    "name", ["q027-stable-softmax", "q26-stable-softmax", "q026", "q026-", "q026-Softmax", "softmax"]
)
def test_folder_must_fit_the_question(write_task: Write, name: str) -> None:
    """A folder is named after its question."""
    with pytest.raises(TaskError, match="belongs in a folder named q026-"):
        load_task(write_task(name=name))


def test_bonus_folder(write_task: Write) -> None:
    """A bonus task's folder starts with the bonus topic."""
    folder = write_task()
    manifest = (folder / "task.toml").read_text().replace("question = 26", 'question = "b07"')
    assert load_task(write_task(name="b07-bpe", **{"task.toml": manifest})).question == "b07"


def test_not_a_task(tmp_path: Path) -> None:
    """A folder without task.toml, or none at all, is refused."""
    for folder in (tmp_path, tmp_path / "none"):
        with pytest.raises(TaskError, match=r"no task\.toml here"):
            load_task(folder)


@pytest.mark.parametrize("name", ["statement.ru.md", "starter.py", "mutants/naive.py", "task.toml"])
def test_broken_utf8(write_task: Write, name: str) -> None:
    """A text file that is not UTF-8 is named when the task is loaded."""
    folder = write_task()
    (folder / name).write_bytes(b"\xff")
    with pytest.raises(TaskError, match="not UTF-8") as caught:
        load_task(folder)
    assert caught.value.path == folder / name
