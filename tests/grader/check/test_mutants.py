from __future__ import annotations

import pytest

from grader.check import mutants
from tests.grader.check.conftest import FILES, Graded, Write

BOTH = "def power_sum(terms, power):\n    return 0.0\n\n\ndef mean"


def test_kept(graded: Graded, write_task: Write) -> None:
    """Mutants that fail where they say, budgets included: nothing to find."""
    assert graded(write_task(), mutants) == []


@pytest.mark.parametrize(
    ("name", "old", "new", "problem"),
    [
        ("median", "mean wrong_value", "mean exception", "mean gets wrong_value and should get exception"),
        ("off_by_one", "terms))", "terms + 1))", "power-sum gets pass and should get fails"),
        ("every_prefix", "range(12)", "range(2)", "power-sum gets pass and should get too_slow"),
        ("median", "def mean", BOTH, "power-sum gets wrong_value, which is not announced"),
    ],
)
def test_surprise(graded: Graded, write_task: Write, name: str, old: str, new: str, problem: str) -> None:
    """A mutant with another verdict than it announces, in its part or in another, is named."""
    (found,) = graded(write_task((f"mutants/{name}.py", old, new)), mutants)
    assert found.where == f"mutants/{name}.py:1"
    assert found.problem.startswith(problem)


def test_measured(write_task: Write) -> None:
    """A budget is measured where a mutant announces what only a budget can tell, and not in other parts it touches."""
    slow = FILES["mutants/every_prefix.py"].split('"""\n')[1]
    task = write_task(("mutants/median.py", "def mean", slow + "\n\ndef mean"))
    trials = {trial.name: trial for trial in mutants.jobs(task)}
    assert trials["mutants/every_prefix.py"].measured == ("power-sum",)
    assert trials["mutants/median.py"].parts == ("mean", "power-sum")
    assert trials["mutants/median.py"].measured == ()
