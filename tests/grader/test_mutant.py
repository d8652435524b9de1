from __future__ import annotations

from pathlib import Path

import pytest

from grader.mutant import Mutant, load_mutant
from grader.textfile import TaskError

PARTS = ("softmax", "log-softmax")


def load(folder: Path, source: str) -> Mutant:
    path = folder / "naive.py"
    path.write_text(source, encoding="utf-8")
    return load_mutant(path, PARTS)


def test_load(tmp_path: Path) -> None:
    """A mutant says what it expects of which part, and the misconception behind it."""
    got = load(tmp_path, '# expect: softmax not_finite, log-softmax fails\n"""Thinks so."""\nx = 1\n')
    assert (got.name, got.misconception) == ("naive", "Thinks so.")
    assert got.expects == {"softmax": "not_finite", "log-softmax": "fails"}


def test_graded_source_overrides_the_reference(tmp_path: Path) -> None:
    """What is graded is the reference with the mutant's definitions after it."""
    mutant = load(tmp_path, '# expect: softmax fails\n"""Thinks so."""\nx = 2\n')
    space: dict[str, object] = {}
    exec(mutant.graded_source("x = 1\ny = 1"), space)
    assert (space["x"], space["y"]) == (2, 1)


@pytest.mark.parametrize(
    ("source", "line", "message"),
    [
        ('"""Thinks so."""\n', 1, "the first line must be"),
        ('# expect:\n"""Thinks so."""\n', 1, "the first line must be"),
        ('# expect: softmax\n"""Thinks so."""\n', 1, "a part and a verdict"),
        ('# expect: softmax fails,\n"""Thinks so."""\n', 1, "a part and a verdict"),
        ('# expect: softmx fails\n"""Thinks so."""\n', 1, "did you mean 'softmax'"),
        ('# expect: softmax to_slow\n"""Thinks so."""\n', 1, "did you mean 'too_slow'"),
        ('# expect: softmax pass\n"""Thinks so."""\n', 1, "unknown verdict 'pass'"),
        ('# expect: softmax system_error\n"""Thinks so."""\n', 1, "unknown verdict 'system_error'"),
        ('# expect: softmax fails, softmax fails\n"""Thinks so."""\n', 1, "twice"),
        ("# expect: softmax fails\nx = 1\n", 2, "no docstring"),
        ('# expect: softmax fails\n"""Thinks so."""\ndef f(:\n', 3, "not Python"),
    ],
)
def test_refused(tmp_path: Path, source: str, line: int, message: str) -> None:
    """A mutant without a clear expectation or misconception is refused at its line."""
    with pytest.raises(TaskError, match=message) as caught:
        load(tmp_path, source)
    assert caught.value.line == line
