from __future__ import annotations

import pytest

from grader.check import kills
from grader.report import Check
from grader.verdict import Verdict
from tests.grader.check.conftest import Graded, Write

IDLE = '''\
    def test_no_arguments(self, candidate):
        """A call without values is refused."""
        with raises(TypeError):
            candidate.mean()

    def test_nothing('''
CASES = '''\
    @pytest.mark.parametrize("values", [[], [2.0]])
    def test_cases(self, candidate, values):
        """Each case asks for something."""
        if values:
            assert_close(candidate.mean(values), 2.0)

    def test_nothing('''
LIBRARY = '''\
# expect: mean forbidden
"""The library does it."""

from statistics import fmean


def mean(values):
    return fmean(values)
'''


def test_kept(graded: Graded, write_task: Write) -> None:
    """Tests that each catch something: nothing to find."""
    assert graded(write_task(), kills) == []


def test_idle(graded: Graded, write_task: Write) -> None:
    """A test that every wrong answer passes is named with its line."""
    (found,) = graded(write_task(("test_hidden.py", "    def test_nothing(", IDLE)), kills)
    assert found.where == "test_hidden.py:11"
    assert found.problem == "TestMean.test_no_arguments is passed by every mutant and every trivial answer"


def test_cases_count_together(graded: Graded, write_task: Write) -> None:
    """It is enough that one case of a parametrised test catches something."""
    task = write_task(
        ("test_hidden.py", "    def test_nothing(", CASES),
        ("test_hidden.py", "import torch\n", "import pytest\nimport torch\n"),
    )
    assert graded(task, kills) == []


def test_forbidden_is_no_catch(graded: Graded, write_task: Write) -> None:
    """A mutant that uses a forbidden name fails whatever the tests are, so it speaks for none of them."""
    task = write_task(("test_hidden.py", "    def test_nothing(", IDLE), **{"mutants/library.py": LIBRARY})
    assert [found.where for found in graded(task, kills)] == ["test_hidden.py:11"]


@pytest.mark.parametrize(("time_ms", "caught"), [(3.0, False), (10_050.0, True)])
def test_timeout_by_itself(write_task: Write, time_ms: float, caught: bool) -> None:
    """A test that was not run because others had timed out has caught nothing."""
    assert kills._caught(Check("test_a", Verdict.TIMEOUT, time_ms=time_ms), write_task()) is caught


def test_budget_needs_a_mutant(graded: Graded, write_task: Write) -> None:
    """A test that measures is only caught at work by a mutant that is too expensive."""
    (found,) = graded(write_task(**{"mutants/every_prefix.py": None}), kills)
    assert found.problem.startswith("TestPowerSum.test_speed is passed by every mutant")
