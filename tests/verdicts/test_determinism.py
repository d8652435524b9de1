"""The same submission and seed give the same report, timings apart, however busy the machine is."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import pytest

from grader.grade import Grader, Options
from grader.report import to_json
from grader.submission import Submission
from grader.views import without_timings
from tests.verdicts.cases import HERE, SEED, load_case, task_named

TIMES: Final = 50
BUSY: Final = "while True:\n    sum(range(100000))"
#: A right answer, a wrong one, and one that crashes.
SUBMISSIONS: Final = ("honest-helpers-and-assertions", "weak-precision", "segfault")


@pytest.fixture(scope="module")
def grader() -> Iterator[Grader]:
    """Two lanes."""
    with Grader(2) as made:
        yield made


@contextlib.contextmanager
def busy_neighbours(count: int) -> Iterator[None]:
    """Processes that leave no core idle."""
    neighbours = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(count)]
    try:
        yield
    finally:
        for neighbour in neighbours:
            neighbour.kill()
            neighbour.wait()


@pytest.mark.parametrize("name", SUBMISSIONS)
def test_same_report(grader: Grader, name: str) -> None:
    """Fifty gradings of one submission under one seed, half of them beside busy neighbours, make one report."""
    submission = load_case(HERE / name).submission

    def graded(_: int) -> dict[str, Any]:
        options = Options(seed=SEED, parts=("softmax",), budgets=False)
        return without_timings(to_json(grader.grade(task_named("q026-stable-softmax"), submission, options)))

    with ThreadPoolExecutor(2) as workers:
        reports = list(workers.map(graded, range(TIMES // 2)))
        with busy_neighbours(2):
            reports += list(workers.map(graded, range(TIMES // 2)))
    assert len(reports) == TIMES
    assert [report for report in reports if report != reports[0]] == []


def test_same_seed(grader: Grader) -> None:
    """Without a seed in the options it is derived: the same for the same bytes, another for others."""
    task = task_named("q026-stable-softmax")
    seeds = [grader.seed(task, Submission(name, source)) for name, source in (("a", b"x"), ("b", b"x"), ("a", b"y"))]
    assert seeds[0] == seeds[1] != seeds[2]
