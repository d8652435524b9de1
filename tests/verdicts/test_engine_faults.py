"""Faults of a container engine in the middle of grading: every submission ends with the verdict it has without them.

How many submissions are graded through each fault is FORWARDPASS_FAULTS; CI asks for 200. Restarting the engine needs
the command that does it, in FORWARDPASS_ENGINE_RESTART.
"""

from __future__ import annotations

import itertools
import os
import shlex
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import pytest

from grader.backend import default_backend
from grader.grade import Grader
from sandbox.container import LABEL, Container
from sandbox.engine import Engine
from sandbox.errors import EngineAway, SandboxError
from sandbox.lane import Preparation
from sandbox.limits import Limits
from tests.engines import without_engine
from tests.verdicts.cases import Case, all_cases
from tests.verdicts.leftovers import settled

SIZE: Final = int(os.environ.get("FORWARDPASS_FAULTS", "40"))
SLOTS: Final = 2
RESTART: Final = shlex.split(os.environ.get("FORWARDPASS_ENGINE_RESTART", ""))
#: A worker of its own: grades the light cases named on its command line over and over, a line for each.
WORKER: Final = """
import sys
from grader.grade import Grader
from tests.verdicts.cases import all_cases
known = {case.name: case for case in all_cases()}
with Grader(2) as grader:
    for name in sys.argv[1:]:
        (report,) = known[name].graded(grader)
        print(name, flush=True)
"""


@pytest.fixture(scope="module")
def backend() -> Container:
    """The container backend; skips where it does not work."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FORWARDPASS_BACKEND", "container")
        made = default_backend()
    assert isinstance(made, Container)
    try:
        made.start().stop()
    except SandboxError as error:
        without_engine(error)
    return made


@pytest.fixture
def cases() -> list[Case]:
    """As many light cases as are asked for."""
    light = [case for case in all_cases() if case.light]
    return list(itertools.islice(itertools.cycle(light), SIZE))


def labelled(engine: Engine) -> set[str]:
    """Every container of ours that the engine knows."""
    with engine.asked("list") as api:
        return {container["Id"] for container in api.containers(all=True, filters={"label": LABEL})}


def grade_through(backend: Container, cases: list[Case], fault: Callable[[], None]) -> list[str]:
    """Grade all cases while `fault` strikes when a third of them is done; what went wrong with any of them."""
    wrong: list[str] = []
    done = threading.Semaphore(0)

    def judge(case: Case) -> None:
        (report,) = case.graded(grader)
        wrong.extend(f"{case.name}: {difference}" for difference in case.differences(report))
        done.release()

    def strike() -> None:
        for _ in range(len(cases) // 3):
            done.acquire()
        fault()

    with Grader(SLOTS, backend=backend) as grader, ThreadPoolExecutor(SLOTS + 1) as workers:
        struck = workers.submit(strike)
        list(workers.map(judge, cases))
        struck.result()
    return wrong


@pytest.fixture(autouse=True)
def nothing_is_left(backend: Container) -> Iterator[None]:
    """After each fault the engine has no more containers of ours than before."""
    before = labelled(backend.engine)
    yield
    assert settled(lambda: labelled(backend.engine) <= before, 60.0)


def test_lanes_are_killed(backend: Container, cases: list[Case]) -> None:
    """Lanes that the engine kills in the middle are replaced, and what ran in them is graded again."""
    before = labelled(backend.engine)

    def kill_lanes() -> None:
        for container in labelled(backend.engine) - before:
            with backend.engine.asked("kill") as api:
                api.kill(container)

    assert grade_through(backend, cases, kill_lanes) == []


@pytest.mark.skipif(not RESTART, reason="FORWARDPASS_ENGINE_RESTART names no command that restarts the engine")
def test_the_engine_restarts(backend: Container, cases: list[Case]) -> None:
    """While the engine is away submissions wait; when it is back they are graded."""

    def restart() -> None:
        subprocess.run(RESTART, check=True, capture_output=True)

    assert grade_through(backend, cases, restart) == []


def test_the_worker_is_killed(backend: Container, cases: list[Case]) -> None:
    """A worker that is killed takes its containers along, and another one grades everything as if nothing had been."""
    names = [case.name for case in cases]
    environment = os.environ | {"FORWARDPASS_BACKEND": "container"}
    before = labelled(backend.engine)
    with subprocess.Popen([sys.executable, "-c", WORKER, *names], env=environment, stdout=subprocess.PIPE) as worker:
        assert worker.stdout is not None
        for _ in range(len(names) // 3):
            assert worker.stdout.readline()
        assert labelled(backend.engine) > before
        worker.send_signal(signal.SIGKILL)
    assert settled(lambda: labelled(backend.engine) <= before, 60.0)
    assert grade_through(backend, cases, lambda: None) == []


def test_an_engine_that_never_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that accepts and says nothing is given up after a deadline, with the cause."""
    monkeypatch.setattr("sandbox.engine.ENGINE_S", 1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(EngineAway, match="did not answer within 1 s"):
            Container(Limits(), Preparation()).start()
