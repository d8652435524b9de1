from __future__ import annotations

from pathlib import Path

import pytest

from grader.source import entry_returns, parse_python
from grader.textfile import TaskError


def test_entry_returns() -> None:
    """Top-level functions are listed with their return annotation as text, quoted or not."""
    source = """
def a(x) -> dict[str,Tensor]: ...
def b(x) -> "Tensor | None": ...
def c(x): ...
async def d() -> None: ...
class E:
    def f(self) -> int: ...
"""
    assert entry_returns(source) == {"a": "dict[str, Tensor]", "b": "Tensor | None", "c": None, "d": "None"}


@pytest.mark.parametrize(("source", "line"), [("x = 1\ndef f(:\n", 2), ("\0", None)])
def test_not_python(source: str, line: int | None) -> None:
    """A file that is not Python is refused, at the line where it stops being Python."""
    with pytest.raises(TaskError, match="not Python") as caught:
        parse_python(Path("a.py"), source)
    assert caught.value.line == line or line is None
