"""Whatever happens to sessions and submissions, in whatever order, they are where a small model says they must be."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from api.catalogue import Catalogue
from api.database import Database
from tests.api.conftest import Organisation
from tests.api.grading_machine import GradingMachine
from tests.api.session_machine import SessionMachine

#: The same steps every time; a slow machine is no failure.
STEPS = settings(
    max_examples=14,
    stateful_step_count=30,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)


def test_sessions(organise: Callable[[], Organisation], database: Database) -> None:
    """Nothing is taken after the end, no attempt too many, nothing is lost before it is erased or left afterwards."""
    catalogue = Catalogue()
    run(lambda: SessionMachine(organise(), database, catalogue))


def test_gradings(organise: Callable[[], Organisation], database: Database) -> None:
    """Whatever becomes of workers and jobs, a submission has one result, and another counts when a batch is applied."""
    catalogue = Catalogue()
    run(lambda: GradingMachine(organise(), database, catalogue))


def run(machine: Callable[[], RuleBasedStateMachine]) -> None:
    """Let a machine take its steps, each time from the beginning."""
    run_state_machine_as_test(machine, settings=STEPS)  # type: ignore[arg-type]  # it only calls what it is given
