"""What a lane costs by backend: start, import, fork, a call; and a light task beside `docker run … pytest`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import torch
from rich.console import Console

from bench import latency, usual
from bench.tables import milliseconds, p50, p95, right_answer, table
from grader.backend import preparation
from grader.grade import Grader
from sandbox.bubblewrap import Bubblewrap
from sandbox.container import Container, Settings
from sandbox.errors import SandboxError
from sandbox.lane import Lane, Preparation
from sandbox.limits import Limits
from sandbox.pool import Backend, StartedLane

#: Bytes one way; the same come back.
SMALL, LARGE = 1 << 10, 4 << 20


def backends() -> Iterator[tuple[str, Callable[[Preparation], Backend]]]:
    """Each way to isolate, by a name for its row."""
    yield "bubblewrap", lambda preparation: Bubblewrap(Limits(), preparation)
    containers = {
        "container, Unix socket": ("namespaces", "socket"),
        "container, attach stream": ("namespaces", "attach"),
        "container, users": ("users", "socket"),
    }
    for name, (isolation, transport) in containers.items():
        settings = replace(Settings.from_environment(), isolation=isolation, transport=transport)
        yield name, lambda preparation, s=settings: Container(Limits(), preparation, s)  # type: ignore[misc]  # mypy does not infer a lambda's defaults


def main(console: Console, quick: bool) -> None:
    """Print both tables."""
    costs = table("ms a lane", "start", "import", "fork", "fork ahead", "1 KB call", "4 MB call")
    light = table("light task, warm", "p50 ms", "p95 ms", "docker run ms", "ratio")
    for name, make in backends():
        try:
            costs.add_row(name, *_costs(make, 20 if quick else 100))
            light.add_row(name, *_light(make, 40 if quick else 200, 3 if quick else 7))
        except SandboxError as error:
            costs.add_row(name, str(error))
    console.print(costs)
    console.print(light)


def _costs(make: Callable[[Preparation], Backend], rounds: int) -> list[str]:
    start_s, _ = _start(make(Preparation(preload=())))
    all_s, started = _start(make(preparation()))
    try:
        lane = started.lane
        cold = [_fork_s(lane, ahead=False) for _ in range(rounds)]
        warm = [_fork_s(lane, ahead=True) for _ in range(rounds)]
        run = lane.run()
        calls = [_call_s(lambda n=n: run.null(torch.zeros(n // 4)), rounds) for n in (SMALL, LARGE)]  # type: ignore[misc]  # as above
        run.close()
    finally:
        started.stop()
    return [milliseconds(x) for x in (start_s, all_s - start_s, p50(cold), p50(warm), *calls)]


def _start(backend: Backend) -> tuple[float, StartedLane]:
    started = time.perf_counter()
    lane = backend.start()
    return time.perf_counter() - started, lane


def _fork_s(lane: Lane, *, ahead: bool) -> float:
    """From wanting a run to its first answer, with everything before it ended and perhaps a spare there."""
    lane.settle()
    if ahead:
        lane.prefork()
        lane.ask_zygote("usage", run=0)  # comes after the fork
        time.sleep(0.03)  # while the spare rehearses
    started = time.perf_counter()
    run = lane.run()
    run.null()
    took = time.perf_counter() - started
    run.close()
    return took


def _call_s(call: Callable[[], object], rounds: int) -> float:
    taken = []
    for _ in range(rounds):
        started = time.perf_counter()
        call()
        taken.append(time.perf_counter() - started)
    return p50(taken)


def _light(make: Callable[[Preparation], Backend], rounds: int, fresh_rounds: int) -> list[str]:
    case = latency.cases(quick=True)[0]
    backend = make(preparation())
    usually = [usual.docker_run_s(case.task, case.classes) for _ in range(fresh_rounds)]
    warm = []
    with Grader(1, backend=backend) as grader:
        for number in range(rounds + 3):
            time.sleep(latency.PAUSE_S)
            started = time.perf_counter()
            grader.grade(case.task, right_answer(case.task, number), case.options)
            warm.append(time.perf_counter() - started)
    figures, docker = warm[3:], [seconds for seconds in usually if seconds]
    row = [milliseconds(p50(figures)), milliseconds(p95(figures))]
    return row + ([milliseconds(p50(docker)), f"{p50(docker) / p50(figures):.0f} x"] if docker else ["no image", "-"])
