"""Warm lanes of every backend that works here, and a way to write candidate code as functions of the tests.

A new backend joins the conformance suite by one line in `BACKENDS`.
"""

from __future__ import annotations

import inspect
import os
import textwrap
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest

from sandbox.bubblewrap import Bubblewrap
from sandbox.container import Container
from sandbox.errors import SandboxUnavailable
from sandbox.lane import Lane, Preparation
from sandbox.limits import Limits, Outcome, Returned
from sandbox.pool import Backend, Pool
from sandbox.run import Run
from tests.engines import without_engine

BACKENDS: Final[dict[str, Callable[[Limits, Preparation], Backend]]] = {
    "bubblewrap": Bubblewrap,
    "container": Container,
}
#: Small, so that reaching a limit takes no time.
LIMITS: Final = Limits(wall_s=30.0, memory_mb=192, scratch_mb=8, inodes=64, threads=16, open_files=64, answer_mb=16)
HELPER: Final = """
import os
import stat

from sandbox.runner import note

def channel():
    sockets = []
    for descriptor in range(3, 64):
        try:
            if stat.S_ISSOCK(os.fstat(descriptor).st_mode):
                sockets.append(descriptor)
        except OSError:
            continue
    (descriptor,) = sockets
    return descriptor

def noting(x):
    note("by the helper")
    return x + 1

memory = [0]

def remember(x):
    memory.append(x)

def remembered():
    return memory[-1]

openings = []

def opened():
    return bool(openings)
"""
PREPARATION: Final = Preparation(helpers={"helper": HELPER}, opening="import helper\nhelper.openings.append(1)")
#: Nothing of the service's environment may be seen in a lane.
CANARY: Final = "canary-5f2b1e"


class Stage:
    """Puts functions of a test on, as candidate code, in runs of one lane."""

    def __init__(self, lane: Lane) -> None:
        self.lane = lane
        self._run: Run | None = None
        self._loaded = 0

    @property
    def run(self) -> Run:
        """The run that is on, a fresh one if the last one ended."""
        if self._run is None or not self._run.alive:
            self._run = self.lane.run()
        return self._run

    def fresh(self) -> Run:
        """End the run that is on and start another."""
        if self._run:
            self._run.close()
        return self.run

    def __call__(self, function: Callable[..., Any], *args: Any, **options: Any) -> Outcome:
        """Load a function's source into the run and call it there; `options` are those of `Run.call`."""
        self._loaded += 1
        source = "from __future__ import annotations\n" + textwrap.dedent(inspect.getsource(function))
        module = f"candidate{self._loaded}"
        loaded = self.run.load(module, source)
        assert isinstance(loaded, Returned), loaded
        return self.run.call(module, function.__name__, args, **options)

    def value(self, function: Callable[..., Any], *args: Any) -> Any:
        """What the function returns; that it returns is taken for granted."""
        outcome = self(function, *args)
        assert isinstance(outcome, Returned), outcome
        return outcome.value


@pytest.fixture(scope="session", params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> Backend:
    """Each backend in turn, with small limits."""
    os.environ["FORWARDPASS_CANARY"] = CANARY
    return BACKENDS[request.param](LIMITS, PREPARATION)


@pytest.fixture(scope="session")
def pool(backend: Backend) -> Iterator[Pool]:
    """Two warm lanes; skips where the backend does not work."""
    made = Pool(backend, 2)
    try:
        made.open()
    except SandboxUnavailable as error:
        if isinstance(backend, Container):
            without_engine(error)
        pytest.skip(f"{backend.name}: {error}")
    yield made
    made.close()


@pytest.fixture
def stage(pool: Pool) -> Iterator[Stage]:
    """One lane to play on, given back in good order."""
    with pool.lane() as lane:
        yield (stage := Stage(lane))
        lane.limit(wall_s=LIMITS.wall_s, memory_mb=LIMITS.memory_mb)
        if stage._run:
            stage._run.close()


@pytest.fixture
def zygote_of() -> Callable[[Run], int]:
    """Finds the process that forked a run, by the host's process table."""

    def find(run: Run) -> int:
        with open(f"/proc/{run.pid}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("PPid:"))

    return find
