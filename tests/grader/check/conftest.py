"""A small task that keeps all its promises, for tests to break one at a time, and one grader for all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from grader.check import Promise, classes, coverage, graded_findings
from grader.check.finding import Finding
from grader.grade import Grader
from grader.task import Task, load_task

MANIFEST = """\
question = 1
minutes = 5
forbid = ["statistics.fmean"]

[[part]]
id = "mean"
entry = "mean"
level = "junior"
points = 2
answers = [0, 1]

[[part]]
id = "power-sum"
entry = "power_sum"
level = "middle"
points = 3
answers = [2, 3]
budget = { time = 4.0 }

[[discussion]]
follow_up = 4

[[discussion]]
follow_up = 5
"""

STATEMENT = """\
# {0}

{0}.

## mean

{0}.

```python
def mean(values: list[float]) -> float
```

## power-sum

{0}.
"""

SIGNATURES = '''\
"""Sums."""


def mean(values: list[float]) -> float:
    """The arithmetic mean.

    Raises:
        ValueError: there are no values.
    """
    raise NotImplementedError


def power_sum(terms: int, power: float) -> float:
    """The sum of k ** -power over the first terms."""
    raise NotImplementedError
'''

MEAN = """\
    if not values:
        raise ValueError("no values")
    return sum(values) / len(values)
"""

HIDDEN = '''\
import torch
from grader.testing import assert_close, raises


class TestMean:
    def test_definition(self, candidate, rng):
        """The mean is the sum over the count."""
        values = (10 * torch.rand(7, generator=rng)).tolist()
        assert_close(candidate.mean(values), sum(values) / 7)

    def test_nothing(self, candidate):
        """Nothing has no mean."""
        with raises(ValueError):
            candidate.mean([])


class TestPowerSum:
    def test_definition(self, candidate, rng):
        """Every term counts, the first and the last included."""
        power = 1 + torch.rand(1, generator=rng).item()
        assert_close(candidate.power_sum(9, power), sum(k**-power for k in range(1, 10)))

    def test_speed(self, candidate, rng, budget):
        """Each term is computed once."""
        budget.time("power_sum", lambda: (40_000 + int(torch.randint(9, (1,), generator=rng)), 1.5))
'''

PUBLIC = '''\
from solution import mean, power_sum


def test_mean():
    """The example."""
    assert mean([1.0, 3.0]) == 2.0


def test_power_sum():
    """The first terms."""
    assert power_sum(2, 1.0) == 1.5
'''

FILES = {
    "task.toml": MANIFEST,
    "statement.md": STATEMENT.format("Sums"),
    "statement.ru.md": STATEMENT.format("Суммы"),
    "interviewer.md": "# Sums\n" + "".join(f"\n## {n}. Why?\n\nBecause.\n" for n in range(6)),
    "interviewer.ru.md": "# Суммы\n" + "".join(f"\n## {n}. Почему?\n\nПотому.\n" for n in range(6)),
    "starter.py": SIGNATURES,
    "reference.py": SIGNATURES.replace("    raise NotImplementedError\n", MEAN, 1).replace(
        "raise NotImplementedError", "return sum(k**-power for k in range(1, terms + 1))"
    ),
    "test_public.py": PUBLIC,
    "test_hidden.py": HIDDEN,
    "mutants/median.py": '''\
# expect: mean wrong_value
"""The middle value is taken for the mean."""


def mean(values):
    if not values:
        raise ValueError
    return sorted(values)[len(values) // 2]
''',
    "mutants/empty_is_zero.py": '''\
# expect: mean wrong_value
"""The mean of nothing is taken to be zero."""


def mean(values):
    return sum(values) / len(values) if values else 0.0
''',
    "mutants/off_by_one.py": '''\
# expect: power-sum fails
"""The last term is left out."""


def power_sum(terms, power):
    return sum(k**-power for k in range(1, terms))
''',
    "mutants/every_prefix.py": '''\
# expect: power-sum too_slow
"""The sum is begun anew for every tenth of the terms."""


def power_sum(terms, power):
    for _ in range(12):
        total = sum(k**-power for k in range(1, terms + 1))
    return total
''',
    "accepted/loops.py": '''\
"""Explicit loops."""


def mean(values):
    total = 0.0
    for value in values:
        total += value
    if not len(values):
        raise ValueError("nothing to average")
    return total / len(values)


def power_sum(terms, power):
    total = 0.0
    for k in range(1, terms + 1):
        total += k**-power
    return total
''',
    "accepted/exact.py": '''\
"""Sums without rounding."""

import math


def mean(values):
    if not values:
        raise ValueError("no values")
    return math.fsum(values) / len(values)


def power_sum(terms, power):
    return math.fsum((k + 1) ** -power for k in range(terms))
''',
}

Write = Callable[..., Task]
Graded = Callable[..., list[Finding]]


@pytest.fixture(autouse=True)
def _small_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small task has few tests and mutants."""
    monkeypatch.setattr(classes, "MIN_TESTS", 4)
    monkeypatch.setattr(coverage, "MIN_MUTANTS", 4)


@pytest.fixture
def write_task(tmp_path: Path) -> Write:
    """Write the task with some texts in its files replaced, whole files written or, for None, left out."""

    def write(*changes: tuple[str, str, str], **files: str | None) -> Task:
        texts = {**FILES, **files}
        for name, old, new in changes:
            text = texts[name]
            assert text is not None
            assert old in text, f"{name} has no {old!r}"
            texts[name] = text.replace(old, new)
        return load_task(_written(tmp_path / "tasks" / "sums" / "q001-sums", texts))

    return write


@pytest.fixture(scope="package")
def grader() -> Iterator[Grader]:
    """One warm grader for all tests of this folder."""
    with Grader(2) as grader:
        yield grader


@pytest.fixture
def graded(grader: Grader) -> Graded:
    """What one promise that takes grading finds in a task."""

    def run(task: Task, promise: Promise) -> list[Finding]:
        return graded_findings(grader, task, (promise,))

    return run


def _written(folder: Path, texts: dict[str, str | None]) -> Path:
    for name, text in texts.items():
        if text is not None:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
    return folder
