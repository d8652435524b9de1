"""Hidden tests stand in one class a part, there are enough of them, and each says in one sentence what it asks for."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from grader.check.finding import Finding
from grader.check.hidden import FILE, HiddenTest, classes_of, tests_of
from grader.task import Task

MIN_TESTS: Final = 20
#: A full stop inside a text, that is, a second sentence.
ENDS: Final = re.compile(r"[.!?…]\s+[A-ZА-ЯЁ]")


def unmatched(task: Task) -> Iterator[Finding]:
    """Parts without tests, and tests without a part."""
    tests, classes = tests_of(task), classes_of(task)
    parts = {part.test_class: part.id for part in task.parts}
    for name, part in parts.items():
        if name not in {test.of for test in tests}:
            yield Finding(FILE, f"part {part!r} has no tests", f"write them in a class {name}")
    for name, line in classes.items():
        if name not in parts:
            yield Finding(f"{FILE}:{line}", f"class {name} belongs to no part", f"name it one of {', '.join(parts)}")
    for test in tests:
        if not test.of:
            yield Finding(test.where, f"{test} stands outside of any class", "move it into the class of its part")


def findings(task: Task) -> Iterator[Finding]:
    """Too few tests, two of one name, and tests that do not say what they ask for."""
    tests = tests_of(task)
    if len(tests) < MIN_TESTS:
        yield Finding(FILE, f"{len(tests)} test functions", f"write at least {MIN_TESTS}, each about something else")
    names = Counter(str(test) for test in tests)
    for test in tests:
        if names[str(test)] > 1:
            yield Finding(test.where, f"{test} is defined {names[str(test)]} times", "give each a name of its own")
        if problem := _unsaid(test):
            yield Finding(test.where, f"{test} {problem}", "state in one sentence the behaviour it asks for")


def _unsaid(test: HiddenTest) -> str:
    if not test.says:
        return "has no docstring"
    if not test.says.endswith((".", "!", "?")):
        return "has a docstring without a full stop"
    return "has a docstring of several sentences" if ENDS.search(test.says) else ""
