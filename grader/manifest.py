"""Reads and validates a `task.toml`: which keys there are, of which types and in which ranges."""

from __future__ import annotations

import keyword
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from grader.schema import Budget, Discussion, Level, Manifest, Part
from grader.table import Table, parse
from grader.textfile import did_you_mean

QUESTIONS: Final = 150
BONUS_TOPICS: Final = 20
FOLLOW_UPS: Final = 5
DEVICES: Final = ("cpu", "cuda")

PART_ID: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
DEFAULT_MEMORY_MB: Final = 1024
MOST_MEMORY_MB: Final = 2048
DOTTED: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")


def read_manifest(path: Path, text: str) -> Manifest:
    """Read and validate a `task.toml`.

    Raises:
        TaskError: not TOML, an unknown or missing key, a wrong type or a value out of range.
    """
    table = parse(path, text)
    table.allow("question", "minutes", "forbid", "forbid_ops", "wall_s", "memory_mb", "part", "discussion")
    return Manifest(
        question=_question(table),
        minutes=table.positive("minutes", int),
        forbid=_names(table, "forbid"),
        forbid_ops=_names(table, "forbid_ops"),
        wall_s=table.positive("wall_s", float, 10.0),
        memory_mb=_memory(table),
        parts=_parts(table),
        discussions=_discussions(table),
    )


def _question(table: Table) -> int | str:
    value = table.values.get("question")
    if type(value) is int and 1 <= value <= QUESTIONS:
        return value
    if isinstance(value, str) and value in {f"b{n:02d}" for n in range(1, BONUS_TOPICS + 1)}:
        return value
    raise table.error(f'question must be 1 to {QUESTIONS}, or "b01" to "b{BONUS_TOPICS}", not {value!r}', "question")


def _memory(table: Table) -> int:
    """The growth a call may need; a lane's own bound is made for no more."""
    value = table.positive("memory_mb", int, DEFAULT_MEMORY_MB)
    if value > MOST_MEMORY_MB:
        raise table.error(f"memory_mb is at most {MOST_MEMORY_MB}, not {value}", "memory_mb")
    return value


def _names(table: Table, key: str) -> tuple[str, ...]:
    for name in (names := table.values_of(key, str)):
        _must_match(table, key, name, DOTTED, "a dotted name such as torch.softmax")
    return names


def _parts(table: Table) -> tuple[Part, ...]:
    tables = table.tables("part")
    if not tables:
        raise table.error("no parts: add at least one [[part]]")
    parts = tuple(map(_part, tables))
    _distinct(tables, "id", [part.id for part in parts])
    _distinct(tables, "id", [part.test_class for part in parts])
    return parts


def _part(table: Table) -> Part:
    table.allow("id", "entry", "level", "points", "answers", "budget", "device")
    return Part(
        id=_must_match(table, "id", table.value("id", str), PART_ID, "lowercase words joined by hyphens"),
        entry=_entry(table),
        level=Level(_one_of(table, "level", table.value("level", str), Level)),
        points=table.positive("points", int),
        answers=_answers(table),
        budget=_budget(table.inline("budget")),
        device=_device(table),
    )


def _device(table: Table) -> str:
    device = table.value("device", str, DEVICES[0])
    if device not in DEVICES:
        raise table.error(f"unknown device {device!r}: known are {', '.join(DEVICES)}", "device")
    return device


def _entry(table: Table) -> str:
    name = table.value("entry", str)
    if not (name.isascii() and name.isidentifier()) or name.startswith("_") or keyword.iskeyword(name):
        raise table.error(f"entry must be the public name of a function or class, not {name!r}", "entry")
    return name


def _answers(table: Table) -> tuple[int, ...]:
    answers = table.values_of("answers", int)
    if not answers or not all(0 <= answer <= FOLLOW_UPS for answer in answers):
        wanted = f"0 for the question, 1 to {FOLLOW_UPS} for its follow-ups"
        raise table.error(f"answers must list {wanted}, not {list(answers)}", "answers")
    return answers


def _budget(table: Table) -> Budget:
    table.allow("time", "memory", "growth")
    return Budget(**{key: table.positive(key, float) for key in table.values})


def _discussions(table: Table) -> tuple[Discussion, ...]:
    tables = table.tables("discussion")
    found = tuple(map(_discussion, tables))
    _distinct(tables, "follow_up", [discussion.follow_up for discussion in found])
    return found


def _discussion(table: Table) -> Discussion:
    table.allow("follow_up")
    number = table.value("follow_up", int)
    if not 1 <= number <= FOLLOW_UPS:
        raise table.error(f"follow_up must be 1 to {FOLLOW_UPS}, not {number}", "follow_up")
    return Discussion(number)


def _distinct(tables: Sequence[Table], key: str, values: Sequence[str | int]) -> None:
    seen: Counter[str | int] = Counter()
    for table, value in zip(tables, values, strict=True):
        seen[value] += 1
        if seen[value] > 1:
            raise table.error(f"{key} stands for {value}, and so does an earlier one: give each its own", key)


def _must_match(table: Table, key: str, value: str, pattern: re.Pattern[str], wanted: str) -> str:
    if not pattern.fullmatch(value):
        raise table.error(f"{key} must be {wanted}, not {value!r}", key)
    return value


def _one_of(table: Table, key: str, value: str, known: Iterable[str]) -> str:
    if value not in (words := [str(word) for word in known]):
        raise table.error(f"unknown {key} {value!r}: {did_you_mean(value, words)}", key)
    return value
