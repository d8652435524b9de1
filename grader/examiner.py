"""The examiner's process tree: one base with torch and pytest imported, a template a task, an examiner a lane in use.

Theory of operation. The worker starts the base once and speaks to it over a Unix socket:

    worker ──"template for this folder" + socket──▶ base ──fork──▶ template: collects the task's hidden tests, says
    which worker ──"judge this" + lanes' sockets + result socket──▶ template ──▶ examiner, forked by it: runs them,
    streams each check, says "idle" to the template

A fork's pages are copied one by one as they are first written to, which takes longer than a light submission's tests.
So an examiner serves one submission after another, as long as nothing goes wrong in it and its memory stays small;
tests, fixtures and generators are made anew for each. Candidate code enters none of these processes. All are
single-threaded when they fork, and end when their socket closes.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import gc
import os
import resource
import select
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from sandbox import descriptors, kernel, wire

#: How much private memory judging one submission may take.
MOST_MEMORY: Final = 2 << 30
#: An examiner that holds this much more than it started with, or has served this often, makes way for a new one.
MOST_KEPT: Final = 128 << 20
MOST_JOBS: Final = 200
#: Examiners that nobody needed for so long end, one of a template apart.
IDLE_S: Final = 30.0
IDLE: Final = b"."
#: The most messages in a frame, and the longest that one waits for others.
FEW: Final = 8
SOON_S: Final = 0.05


def base(control: socket.socket) -> None:
    """Import everything once, then fork a template for each request."""
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # other packages' plugins slow every test, or change it
    sys.dont_write_bytecode = True
    kernel.weigh_session()
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
    """Say which tests there are, then give each job to an idle examiner; never returns."""
    from grader.exam import Answers
    from grader.plugin import class_of, docstring

    tests = [(class_of(item), item.name, docstring(item)) for item in session.items]
    answers = Answers.of(task)
    gc.collect()
    gc.freeze()
    wire.send_frame(jobs, {"tests": [list(test) for test in tests]})
    _Examiners(jobs, functools.partial(_examine_all, session, plugin, task, answers)).serve()
    os._exit(0)


class _Examiners:
    """A template's examiners: which are idle and which are at work."""

    def __init__(self, jobs: socket.socket, work: Callable[[socket.socket], None]) -> None:
        self._jobs, self._work = jobs, work
        self._idle: list[socket.socket] = []
        self._busy: list[socket.socket] = []

    def serve(self) -> None:
        """Hand out jobs until the worker closes its end."""
        while True:
            if not self._idle and not self._busy:  # nobody is waiting just now
                self._idle.append(self._fork())
            ready = self._ready()
            for examiner in ready - {self._jobs}:
                self._hear(examiner)
            if self._jobs in ready:
                request = _receive(self._jobs)
                if request is None:
                    return
                self._hand_out(*request)

    def _ready(self) -> set[socket.socket]:
        """Who has something to say; while nobody has, examiners that are not needed are let go."""
        while True:
            spare = IDLE_S if len(self._idle) > 1 else None
            ready, _, _ = select.select([self._jobs, *self._busy, *self._idle], [], [], spare)
            if ready:
                return set(ready)
            self._idle.pop(0).close()

    def _hear(self, examiner: socket.socket) -> None:
        """It is idle again, or it has ended."""
        among = self._busy if examiner in self._busy else self._idle
        among.remove(examiner)
        if _said(examiner) == IDLE:
            self._idle.append(examiner)
        else:
            examiner.close()

    def _hand_out(self, request: dict[str, Any], passed: list[int]) -> None:
        while True:
            examiner = self._idle.pop() if self._idle else self._fork()
            try:
                descriptors.send(examiner, request, passed)
            except OSError:  # it ended while it was idle
                examiner.close()
                continue
            self._busy.append(examiner)
            _close(passed)
            return

    def _fork(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        if os.fork() == 0:
            for inherited in (self._jobs, ours, *self._idle, *self._busy):
                inherited.close()
            _leave(lambda: self._work(theirs))
        theirs.close()
        return ours


def _said(examiner: socket.socket) -> bytes:
    try:
        return examiner.recv(1)
    except ConnectionError:
        return b""


class _Stream:
    """Messages for the worker, a few in a frame: each frame wakes it, which costs more than the message."""

    def __init__(self, results: socket.socket) -> None:
        self._results = results
        self._waiting: list[dict[str, Any]] = []
        self._flushed = time.monotonic()

    def add(self, message: dict[str, Any]) -> None:
        """Send a message soon, or with the next one: a bar may be a check behind while that one takes long."""
        self._waiting.append(message)
        if len(self._waiting) == FEW or time.monotonic() - self._flushed > SOON_S:
            self.send()

    def send(self, **last: Any) -> None:
        """Send what waits, and what `last` says."""
        wire.send_frame(self._results, {"messages": self._waiting, **last})
        self._waiting, self._flushed = [], time.monotonic()


def _examine_all(session: Any, plugin: Any, task: Any, answers: Any, jobs: socket.socket) -> None:
    """An examiner's life: rehearse, then judge one submission after another."""
    gc.enable()
    plugin.rehearse(session)
    start = kernel.private_bytes()
    resource.setrlimit(resource.RLIMIT_DATA, (start + MOST_MEMORY,) * 2)  # a test that multiplies two long vectors
    for number in range(1, MOST_JOBS + 1):
        request = _receive(jobs)
        if request is None:
            return
        results = socket.socket(fileno=request[1][0])
        with results:
            stream = _Stream(results)
            done = _examine(session, plugin, task, answers, request, stream)
            goes_on = number < MOST_JOBS and kernel.private_bytes() - start < MOST_KEPT
            if goes_on:  # said first, so that the next job finds an idle examiner
                jobs.sendall(IDLE)
            stream.send(done=done)
        if not goes_on:
            return


def _examine(
    session: Any,
    plugin: Any,
    task: Any,
    answers: Any,
    request: tuple[dict[str, Any], list[int]],
    stream: _Stream,
) -> list[dict[str, Any]]:
    """One submission, from the first check to the last; what happens is streamed to the worker. How lanes were left."""
    from grader.exam import Exam, Job
    from sandbox.lane import Lane

    head, (_, *rest) = request
    stream.send(pid=os.getpid())
    lanes = []
    for state in head["lanes"]:
        count = state.pop("descriptors")
        lanes.append(Lane.take_over(state, rest[:count]))
        rest = rest[count:]
    source, parts = base64.b64decode(head["job"]["source"]), tuple(head["job"]["parts"])
    job = Job(**(head["job"] | {"source": source, "parts": parts}))
    lanes[0].limit(wall_s=job.wall_s, memory_mb=task.memory_mb + job.more_memory_mb)
    try:
        reference_lane = lanes[1] if lanes[1:] else None
        exam = Exam(task, answers, job, lanes[0], reference_lane, stream.add)
        plugin.examine(session, exam)
        return [lane.give_back() for lane in lanes]
    except BaseException as error:
        stream.send(fault=f"{type(error).__name__}: {error}", trace=traceback.format_exc()[-4000:])
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
