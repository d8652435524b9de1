from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from grader.table import Table, line_of, parse
from grader.textfile import TaskError

PATH = Path("task.toml")
TEXT = """\
minutes = 25  # [[part]]

[[part]]
id = "a"

[[ part ]]  # the second
id = "b"
  "points" = 0
budget.time = 2
"""


def table(**values: Any) -> Table:
    return Table(PATH, "", values)


@pytest.mark.parametrize(
    ("header", "index", "key", "line"),
    [
        ("", 0, "minutes", 1),
        ("", 0, "id", None),
        ("part", 0, "id", 4),
        ("part", 1, "id", 7),
        ("part", 1, "points", 8),
        ("part", 1, "budget", 9),
        ("part", 1, "level", 6),
        ("part", 2, "id", None),
    ],
)
def test_line_of(header: str, index: int, key: str, line: int | None) -> None:
    """A key is found in its own table, and a missing one at the table's header."""
    assert line_of(TEXT, header, index, key) == line


@pytest.mark.parametrize(("text", "line"), [("a = 1\nb = = 2\n", 2), ("a = 1\nb = [", 2)])
def test_syntax_error_has_its_line(text: str, line: int) -> None:
    """A TOML syntax error carries the parser's line, also at the end of the file."""
    with pytest.raises(TaskError, match="not TOML") as caught:
        parse(PATH, text)
    assert caught.value.line == line


def test_unknown_key_is_refused_with_a_suggestion() -> None:
    """An unknown key is refused at its line, in its table, with the key that was meant."""
    second = parse(PATH, TEXT).tables("part")[1]
    with pytest.raises(TaskError) as caught:
        second.allow("id", "point", "budget")
    assert str(caught.value) == "task.toml:8: [[part]] 2: unknown key 'points': did you mean 'point'?"


@pytest.mark.parametrize(
    ("kind", "value"), [(int, True), (int, 1.0), (int, "1"), (float, "1"), (str, 1), (float, False)]
)
def test_types_are_exact(kind: type, value: object) -> None:
    """A boolean is no number, and a text of digits is no number."""
    with pytest.raises(TaskError, match="must be a"):
        table(key=value).value("key", kind)


def test_value_defaults() -> None:
    """A whole number is a float too; a missing key has its default or is an error."""
    assert table(key=2).value("key", float) == 2.0
    assert table().value("key", int, 3) == 3
    with pytest.raises(TaskError, match="'key' is missing: give it a whole number"):
        table().value("key", int)


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf")])
def test_positive(value: float) -> None:
    """Only finite numbers above zero are positive."""
    with pytest.raises(TaskError, match="above zero"):
        table(key=value).positive("key", float)


def test_lists() -> None:
    """A list has items of one type, none of them twice."""
    assert table(key=["a", "b"]).values_of("key", str) == ("a", "b")
    assert table().values_of("key", str) == ()
    with pytest.raises(TaskError, match="every item of key must be a string"):
        table(key=["a", 1]).values_of("key", str)
    with pytest.raises(TaskError, match="twice"):
        table(key=["a", "a"]).values_of("key", str)
    with pytest.raises(TaskError, match="must be a list"):
        table(key="a").values_of("key", str)


def test_tables_of_another_type_are_refused() -> None:
    """A key that should hold tables and does not is an error."""
    with pytest.raises(TaskError, match="must be a table"):
        table(part=[1]).tables("part")
    with pytest.raises(TaskError, match="must be a table"):
        table(budget=1).inline("budget")
