from __future__ import annotations

import re

import pytest

from grader.check import mutants
from grader.grade import Grader
from tests.grader.check.conftest import FILES, Graded, Write

BOTH = "def power_sum(terms, power):\n    return 0.0\n\n\ndef mean"
SOMETIMES = """\
# expect: mean wrong_value
\"\"\"What comes first is taken for the mean, if it is large.\"\"\"


def mean(values):
    if not values:
        raise ValueError
    return values[0] if values[0] > 5.0 else sum(values) / len(values)
"""


def test_kept(graded: Graded, write_task: Write) -> None:
    """Mutants that fail where they say, budgets included: nothing to find."""
    assert graded(write_task(), mutants) == []


@pytest.mark.parametrize(
    ("name", "old", "new", "problem"),
    [
        ("median", "mean wrong_value", "mean exception", "mean gets wrong_value and should get exception on seeds 1"),
        ("off_by_one", "terms))", "terms + 1))", "power-sum gets pass and should get fails on seeds 1, 2"),
        ("every_prefix", "range(12)", "range(2)", "power-sum gets pass and should get too_slow on seeds 1, 2"),
        ("median", "def mean", BOTH, "power-sum gets wrong_value, which is not announced on seeds 1, 2"),
    ],
)
def test_surprise(graded: Graded, write_task: Write, name: str, old: str, new: str, problem: str) -> None:
    """A mutant with another verdict than it announces, in its part or in another, is named."""
    (found,) = graded(write_task((f"mutants/{name}.py", old, new)), mutants)
    assert found.where == f"mutants/{name}.py:1"
    assert found.problem.startswith(problem)


def test_too_slow_unannounced(graded: Graded, write_task: Write) -> None:
    """A budget is measured of every mutant that touches its part, whatever it announces."""
    slow = FILES["mutants/every_prefix.py"].split('"""\n')[1]
    (found,) = graded(write_task(("mutants/median.py", "def mean", slow + "\n\ndef mean")), mutants)
    assert found.problem == "power-sum gets too_slow, which is not announced on seed 1"


def test_measured_once(grader: Grader, write_task: Write) -> None:
    """What is clearly over its budget is not measured on the other seeds."""
    task = write_task()
    (slow,) = [series for series in mutants.jobs(task) if series.name == "mutants/every_prefix.py"]
    verdicts = [[part.verdict for part in report.parts] for report in slow.run(grader, task)]
    assert verdicts == [["too_slow"], []]


def test_sometimes(graded: Graded, write_task: Write) -> None:
    """A mutant that is caught on some seeds only is named with the others."""
    (found,) = graded(write_task(**{"mutants/sometimes.py": SOMETIMES}), mutants)
    assert re.fullmatch(r"mean gets pass and should get wrong_value on seeds? \d(, \d)?", found.problem)
