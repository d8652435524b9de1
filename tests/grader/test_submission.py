from __future__ import annotations

from pathlib import Path

import pytest

from grader.submission import MAX_SOURCE, SubmissionError, problem_of, read_submissions


def test_order_and_names(tmp_path: Path) -> None:
    """Submissions come in the order they are named, a folder's by name, each named by its path."""
    for name in ("z.py", "folder/b.py", "folder/a/c.py", "folder/note.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"# {name}")
    found = read_submissions([str(tmp_path / "z.py"), str(tmp_path / "folder")])
    assert [Path(s.name).relative_to(tmp_path).as_posix() for s in found] == ["z.py", "folder/a/c.py", "folder/b.py"]
    assert found[0].source == b"# z.py"


def test_folder_named_like_a_file(tmp_path: Path) -> None:
    """A folder below a folder is no submission, whatever it is called."""
    (tmp_path / "odd.py").mkdir()
    (tmp_path / "a.py").write_text("")
    assert [Path(s.name).name for s in read_submissions([str(tmp_path)])] == ["a.py"]


def test_digest_is_of_the_bytes(tmp_path: Path) -> None:
    """Two files of the same bytes have one digest."""
    for name in ("a.py", "b.py"):
        (tmp_path / name).write_text("x = 1")
    one, other = read_submissions([str(tmp_path)])
    assert one.digest == other.digest


def test_all_problems_are_told(tmp_path: Path) -> None:
    """One bad file does not hide another."""
    names = [str(tmp_path / name) for name in ("none.py", "gone.py")]
    with pytest.raises(SubmissionError) as caught:
        read_submissions(names)
    assert caught.value.problems == tuple(f"{name}: no such file" for name in names)


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        (b"", ""),
        (b"#" * MAX_SOURCE, ""),
        (b"#" * (MAX_SOURCE + 1), "a: larger than 256 KiB, the most a submission may have"),
        (b"x\0", "a: binary, not Python source"),
        (b"one\ntwo\n\xff", "a:3: not UTF-8 (byte 0xff): save the file as UTF-8"),
    ],
)
def test_problem(source: bytes, problem: str) -> None:
    """What is too large, binary or not UTF-8 is refused with its place; anything else is graded."""
    assert problem_of("a", source) == problem
