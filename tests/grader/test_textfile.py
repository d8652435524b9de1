from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from grader.textfile import TaskError, did_you_mean, digest_of, files_of, read_text


def test_error_names_file_and_line() -> None:
    """An error is printed as file, line and what to do."""
    assert str(TaskError(Path("a.py"), "do this", 3)) == "a.py:3: do this"
    assert str(TaskError(Path("a.py"), "do this")) == "a.py: do this"


def test_error_survives_pickling() -> None:
    """An error can travel between processes whole."""
    error = pickle.loads(pickle.dumps(TaskError(Path("a.py"), "do this", 3)))
    assert (error.path, error.message, error.line) == (Path("a.py"), "do this", 3)


def test_broken_utf8_names_the_line(tmp_path: Path) -> None:
    """A file that is not UTF-8 is refused at the line of its first bad byte."""
    (tmp_path / "a.md").write_bytes(b"one\ntwo \xff\n")
    with pytest.raises(TaskError, match=r"a\.md:2: not UTF-8"):
        read_text(tmp_path / "a.md")


def test_byte_order_mark_and_line_ends(tmp_path: Path) -> None:
    """A file saved on Windows reads like any other."""
    (tmp_path / "a.md").write_bytes(b"\xef\xbb\xbfone\r\ntwo\r\n")
    assert read_text(tmp_path / "a.md") == "one\ntwo\n"


def test_missing_file(tmp_path: Path) -> None:
    """A missing file is a TaskError that names it, and so is a folder in its place."""
    with pytest.raises(TaskError, match="no such file"):
        read_text(tmp_path / "a.md")
    with pytest.raises(TaskError, match="cannot be read"):
        read_text(tmp_path)


def test_caches_and_hidden_files_do_not_count(tmp_path: Path) -> None:
    """Running a task's tests in its folder changes neither its files nor its digest."""
    (tmp_path / "b.py").write_text("b")
    (tmp_path / "a.py").write_text("a")
    before = digest_of(tmp_path)
    for litter in ("__pycache__", ".pytest_cache"):
        (tmp_path / litter).mkdir()
        (tmp_path / litter / "x.pyc").write_text("x")
    assert [path.name for path in files_of(tmp_path)] == ["a.py", "b.py"]
    assert digest_of(tmp_path) == before


def test_digest_tells_names_from_bytes(tmp_path: Path) -> None:
    """The digest changes with a file's bytes, its name, and where one file ends and the next begins."""
    digests = set()
    for name, files in {"1": {"a": "xb", "c": "y"}, "2": {"a": "x", "c": "by"}, "3": {"b": "xb", "c": "y"}}.items():
        (tmp_path / name).mkdir()
        for file, text in files.items():
            (tmp_path / name / file).write_text(text)
        digests.add(digest_of(tmp_path / name))
    assert len(digests) == 3


def test_did_you_mean() -> None:
    """A near word is suggested, then a word that contains it, then all words if they are few."""
    assert did_you_mean("pionts", ["points", "level"]) == "did you mean 'points'?"
    assert did_you_mean("max", ["q026-stable-softmax", "q001-perceptron"]) == "did you mean 'q026-stable-softmax'?"
    assert did_you_mean("zzz", ["a", "b"]) == "known are a, b"
    assert did_you_mean("zzz", [f"a{n}" for n in range(99)]) == "none of 99 known comes near"
