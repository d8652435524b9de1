from __future__ import annotations

import pytest

from grader.check.reach import Reach
from grader.mutant import load_mutant
from tests.grader.check.conftest import Write

HELPED = """\
import math
TERMS = list(range(9))
def _total(values):
    return math.fsum(values)
def mean(values):
    return _total(values) / len(values)
def power_sum(terms, power):
    return sum(k**-power for k in TERMS)
"""


@pytest.mark.parametrize(
    ("source", "touched"),
    [
        ("def mean(values): ...", {"mean"}),
        ("def _total(values): ...", {"mean"}),
        ("from cmath import log as math", {"mean"}),
        ("TERMS = []", {"power-sum"}),
        ("TERMS: list = []", {"power-sum"}),
        ("def unused(): ...", set()),
        ("import math\nmath.fsum = sum", {"mean", "power-sum"}),
        ("for _ in (): pass", {"mean", "power-sum"}),
    ],
)
def test_of(write_task: Write, source: str, touched: set[str]) -> None:
    """A mutant touches the parts whose entry needs what it binds, and all of them if it does more than bind."""
    task = write_task(**{"reference.py": HELPED, "mutants/a.py": f'# expect: mean fails\n"""So."""\n{source}\n'})
    mutant = load_mutant(task.folder / "mutants" / "a.py", ["mean"])
    assert Reach(task).of(mutant) == touched | {"mean"}


def test_by_way_of_tests(write_task: Write) -> None:
    """A part is also touched through another part's entry that its tests call."""
    task = write_task(("test_hidden.py", "with raises", "candidate.power_sum(1, 1.0)\n        with raises"))
    off_by_one = next(mutant for mutant in task.mutants() if mutant.name == "off_by_one")
    assert Reach(task).of(off_by_one) == {"mean", "power-sum"}
