"""A TOML table read with declared types: whatever is wrong in it names its file, its line and what to write instead."""

from __future__ import annotations

import math
import re
import tomllib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from grader.textfile import TaskError, did_you_mean

T = TypeVar("T")

#: What a value of a type is called in a message.
NOUNS: Final = {int: "a whole number", float: "a number", str: "a string", list: "a list", dict: "a table"}
HEADER: Final = re.compile(r"\s*\[+\s*([\w.\s-]+?)\s*\]+\s*(#.*)?$")


@dataclass(frozen=True)
class Table:
    """One table of a TOML file. `header` and `index` say which `[[header]]` it is, `key` where an inline one stands."""

    path: Path
    text: str
    values: dict[str, Any]
    header: str = ""
    index: int = 0
    key: str = ""

    def error(self, message: str, key: str = "") -> TaskError:
        """The error to raise about `key`, or about the table itself."""
        place = f"[[{self.header}]] {self.index + 1}: " if self.header else ""
        line = line_of(self.text, self.header, self.index, self.key or key)
        return TaskError(self.path, place + message, line)

    def allow(self, *keys: str) -> None:
        """Refuse every key that is not one of `keys`.

        Raises:
            TaskError: there is such a key.
        """
        for key in self.values:
            if key not in keys:
                raise self.error(f"unknown key {key!r}: {did_you_mean(key, keys)}", key)

    def value(self, key: str, kind: type[T], default: T | None = None) -> T:
        """The value of `key`, which must be of type `kind`; a whole number is also a float.

        Raises:
            TaskError: it is of another type, or missing without a default.
        """
        if key not in self.values:
            if default is None:
                raise self.error(f"{key!r} is missing: give it {NOUNS[kind]}")
            return default
        return self._typed(key, self.values[key], kind, "")

    def values_of(self, key: str, kind: type[T]) -> tuple[T, ...]:
        """The items of the list `key`, each of type `kind`; empty if there is no such key.

        Raises:
            TaskError: it is no list, an item is of another type, or an item stands there twice.
        """
        items = tuple(self._typed(key, item, kind, "every item of ") for item in self.value(key, list, []))
        twice = [item for item, count in Counter(items).items() if count > 1]
        if twice:
            raise self.error(f"{key} holds {twice[0]!r} twice: keep one", key)
        return items

    def positive(self, key: str, kind: type[T], default: T | None = None) -> T:
        """`value`, which must also be finite and above zero.

        Raises:
            TaskError: as `value`, and for zero, negative and endless numbers.
        """
        number: Any = self.value(key, kind, default)
        if not (math.isfinite(number) and number > 0):
            raise self.error(f"{key} must be above zero, not {number}", key)
        return number  # type: ignore[no-any-return]  # `kind` is int or float, and `value` checked it

    def inline(self, key: str) -> Table:
        """The table that is the value of `key`; empty if there is no such key.

        Raises:
            TaskError: it is no table.
        """
        return Table(self.path, self.text, self.value(key, dict, {}), self.header, self.index, key)

    def tables(self, key: str) -> tuple[Table, ...]:
        """The tables written as `[[key]]`, in order.

        Raises:
            TaskError: `key` is something else.
        """
        if isinstance(self.values.get(key), dict):
            raise Table(self.path, self.text, {}, key).error(f"write [[{key}]], with two brackets")
        items = [self._typed(key, item, dict, "every item of ") for item in self.value(key, list, [])]
        return tuple(Table(self.path, self.text, item, key, index) for index, item in enumerate(items))

    def _typed(self, key: str, value: object, kind: type[T], of: str) -> T:
        if kind is float and type(value) is int:
            return float(value)  # type: ignore[return-value]  # T is float here
        if type(value) is not kind:
            raise self.error(f"{of}{key} must be {NOUNS[kind]}, not {value!r}", key)
        return value


def parse(path: Path, text: str) -> Table:
    """The whole of a TOML file.

    Raises:
        TaskError: it is not TOML; the line is the one the parser names.
    """
    try:
        return Table(path, text, tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        named = re.search(r"at line (\d+)", str(error))
        raise TaskError(path, f"not TOML: {error}", int(named[1]) if named else text.count("\n") + 1) from error


def line_of(text: str, header: str, index: int, key: str) -> int | None:
    """The line of `key` in the `index`-th `[[header]]`, else the line of that header; None where neither is found.

    The parser keeps no positions, so the text is searched; `header` is "" for the head of the file.
    """
    wanted = re.compile(rf"""\s*["']?{re.escape(key)}["']?\s*[.=]""")
    here, seen, found = "", Counter([""]), None
    for number, line in enumerate(text.split("\n"), 1):
        if match := HEADER.match(line):
            here = match[1]
            seen[here] += 1
        if here == header and seen[here] == index + 1:
            if key and wanted.match(line):
                return number
            found = number if match else found
    return found
