"""The examiner's process tree: one base with torch and pytest imported, a template a task, a fork a submission.

Theory of operation. The worker starts the base once and speaks to it over a Unix socket:

    worker ──"template for this folder" + socket──▶ base ──fork──▶ template: collects the task's hidden tests, says
    which worker ──"judge this" + lanes' sockets + result socket──▶ template ──fork──▶ examiner: runs them, streams
    each check

Candidate code enters none of these. All three are single-threaded when they fork, and end when their socket closes.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import os
import resource
import select
import signal
import socket
import sys
import traceback
from pathlib import Path
from typing import Any, Final

from sandbox import descriptors, kernel, wire

#: How much private memory judging one submission may take.
MOST_MEMORY: Final = 2 << 30


def base(control: socket.socket) -> None:
    """Import everything once, then fork a template for each request."""
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    sys.dont_write_bytecode = True
    _preload()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.collect()
    gc.freeze()
    wire.send_frame(control, {"ready": os.getpid()})
    while (request := _receive(control)) is not None:
        head, passed = request
        if os.fork() == 0:
            control.close()
            _leave(functools.partial(_template, Path(head["folder"]), socket.socket(fileno=passed[0])))
        _close(passed)


def _preload() -> None:
    import torch
    import torch.nn.functional
    import torch.optim
    import torch.testing

    import grader.plugin  # noqa: F401  # imported for every fork to come

    torch.set_num_threads(1)
    x = torch.ones(4, 4, requires_grad=True)
    torch.autograd.grad(x * x, x, torch.ones_like(x))  # imports sympy
    (torch.softmax(x, -1) @ x).sum().backward()  # type: ignore[no-untyped-call]  # torch leaves backward untyped


def _template(folder: Path, jobs: socket.socket) -> None:
    """Collect one task's hidden tests and wait for submissions."""
    import pytest

    from grader.plugin import SWITCHED_OFF, ExamPlugin
    from grader.task import load_task

    task = load_task(folder)
    plugin = ExamPlugin(lambda session: _serve(session, plugin, task, jobs))
    options = [f"-pno:{name}" for name in SWITCHED_OFF]
    options += ["--noconftest", "--import-mode=importlib", "--assert=plain", "-c", os.devnull, "--rootdir", str(folder)]
    failed = _CollectionErrors()
    pytest.main([*options, str(task.hidden_tests)], plugins=[plugin, failed])
    wire.send_frame(jobs, {"error": failed.text or "no hidden test was collected"})


class _CollectionErrors:
    """Remembers why collection failed."""

    text = ""

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self.text = str(report.longrepr)[-2000:]


def _serve(session: Any, plugin: Any, task: Any, jobs: socket.socket) -> None:
    """Say which tests there are, then give each job to an examiner that was forked ahead of it."""
    from grader.plugin import class_of, docstring

    tests = [(class_of(item), item.name, docstring(item)) for item in session.items]
    gc.collect()
    gc.freeze()
    wire.send_frame(jobs, {"tests": [list(test) for test in tests]})
    spare: socket.socket | None = _fork_examiner(session, plugin, task, jobs)
    busy: list[socket.socket] = []
    while True:
        ready, _, _ = select.select([jobs, *busy], [], [])
        for done in set(ready) - {jobs}:
            busy.remove(done)
            done.close()
        if jobs in ready:
            request = _receive(jobs)
            if request is None:
                os._exit(0)
            busy.append(spare or _fork_examiner(session, plugin, task, jobs))
            descriptors.send(busy[-1], *request)
            _close(request[1])
            spare = None
        elif spare is None:  # an examiner has just ended: now forking the next one is in nobody's way
            spare = _fork_examiner(session, plugin, task, jobs)


def _fork_examiner(session: Any, plugin: Any, task: Any, jobs: socket.socket) -> socket.socket:
    """Fork an examiner that rehearses and then waits for its one job."""
    ours, theirs = socket.socketpair()
    if os.fork() == 0:
        jobs.close()
        ours.close()
        _leave(lambda: _wait_and_examine(session, plugin, task, theirs))
    theirs.close()
    return ours


def _wait_and_examine(session: Any, plugin: Any, task: Any, job: socket.socket) -> None:
    gc.enable()
    plugin.rehearse(session)
    request = _receive(job)
    if request is not None:
        _examine(session, plugin, task, *request)


def _bound_memory() -> None:
    """Have what a test makes of an answer, such as a product of two long vectors, fail here before the machine does."""
    bound = kernel.private_bytes() + MOST_MEMORY
    resource.setrlimit(resource.RLIMIT_DATA, (bound, bound))


def _examine(session: Any, plugin: Any, task: Any, head: dict[str, Any], passed: list[int]) -> None:
    """One submission, from the first check to the last; what happens is streamed to the worker."""
    _bound_memory()
    from grader.exam import Exam, Job
    from sandbox.lane import Lane

    results = socket.socket(fileno=passed[0])
    rest = passed[1:]
    wire.send_frame(results, {"pid": os.getpid()})
    lanes = []
    for state in head["lanes"]:
        count = state.pop("descriptors")
        lanes.append(Lane.take_over(state, rest[:count]))
        rest = rest[count:]
    job = Job(**(head["job"] | {"parts": tuple(head["job"]["parts"])}))
    lanes[0].limit(wall_s=job.wall_s, memory_mb=task.memory_mb)
    try:
        plugin.examine(
            session, Exam(task, job, lanes[0], lanes[1] if lanes[1:] else None, lambda m: wire.send_frame(results, m))
        )
        for lane in lanes:
            lane.leave()
        wire.send_frame(results, {"done": [lane.sequence for lane in lanes]})
    except BaseException as error:
        wire.send_frame(results, {"fault": f"{type(error).__name__}: {error}", "trace": traceback.format_exc()[-4000:]})
        raise


def _leave(work: Any) -> None:
    """Do a forked child's work and end without running anything of the parent's."""
    status = 1
    with contextlib.suppress(BaseException):
        work()
        status = 0
    os._exit(status)


def _close(passed: list[int]) -> None:
    for descriptor in passed:
        os.close(descriptor)


def _receive(sock: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    """One message with its descriptors, or None when the other side has closed."""
    try:
        return descriptors.receive(sock)
    except (EOFError, ConnectionError):
        return None


if __name__ == "__main__":
    base(socket.socket(fileno=int(sys.argv[1])))
