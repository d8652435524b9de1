"""The worker's end of the examiner: templates by task, one examination at a time on a pair of lanes."""

from __future__ import annotations

import collections
import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from grader.task import Task
from grader.textfile import TaskError
from sandbox import descriptors, wire
from sandbox.bubblewrap import ALLOCATOR
from sandbox.errors import LaneLost, SandboxError, WireError
from sandbox.lane import Lane

#: How many tasks' templates are kept; each holds a few megabytes of its own.
MAX_TEMPLATES: Final = 24
START_S: Final = 120.0
#: Longest silence between two checks: far above what `grader.stand_in` lets a part's calls take, so that only a hung
#: examiner meets it.
SILENCE_S: Final = 300.0
SILENCE_WALLS: Final = 10

Message = dict[str, Any]


class ExaminerFault(SandboxError):
    """The examiner failed: ours, to be tried again."""


@dataclass
class Template:
    """A task with its hidden tests collected, waiting for submissions.

    Attributes:
        tests: (class, name, docstring) of every hidden test, in order.
    """

    jobs: socket.socket
    tests: tuple[tuple[str, str, str], ...]


class Desk:
    """Starts the examiner's base and hands it jobs; safe to use from many threads."""

    def __init__(self) -> None:
        self._templates: collections.OrderedDict[tuple[Path, str], Template] = collections.OrderedDict()
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    def open(self) -> None:
        """Start the base and wait until it has imported everything.

        Raises:
            ExaminerFault: it did not start; torch or pytest is missing, most likely.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = _spawn(theirs)
        ours.settimeout(START_S)
        self._control = ours
        try:
            wire.receive_frame(ours, 0)
        except (EOFError, OSError, WireError) as error:
            said = self._process.stderr.read().decode("utf-8", "replace") if self._process.stderr else ""
            last = said.strip().splitlines()[-1:] or [repr(error)]
            self.close()
            raise ExaminerFault(f"the examiner did not start: {last[0]}") from error

    def close(self) -> None:
        """End every template and the base; safe to call twice."""
        with self._lock:
            for template in self._templates.values():
                template.jobs.close()
            self._templates.clear()
        if self._control:
            self._control.close()
        if self._process:
            self._process.kill()
            self._process.wait()
            if self._process.stderr:
                self._process.stderr.close()

    def template(self, task: Task, digest: str) -> Template:
        """The template of a task, collected now if it is not there yet.

        Raises:
            TaskError: its hidden tests cannot be collected.
            ExaminerFault: the base is gone.
        """
        with self._lock:
            key = task.folder, digest
            if key not in self._templates:
                self._templates[key] = self._collect(task)
                if len(self._templates) > MAX_TEMPLATES:
                    self._templates.popitem(last=False)[1].jobs.close()
            self._templates.move_to_end(key)
            return self._templates[key]

    def _collect(self, task: Task) -> Template:
        assert self._control is not None, "the desk is not open"
        ours, theirs = socket.socketpair()
        ours.settimeout(START_S)
        try:
            with theirs:
                descriptors.send(self._control, {"folder": str(task.folder)}, [theirs.fileno()])
            answer, _ = wire.receive_frame(ours, 0)
        except (EOFError, OSError, WireError) as error:
            raise ExaminerFault(f"the examiner's base is gone: {error!r}") from error
        if "error" in answer:
            raise TaskError(task.hidden_tests, f"the hidden tests cannot be collected:\n{answer['error']}")
        _require_classes(task, {test_class for test_class, _, _ in answer["tests"]})
        return Template(ours, tuple((c, name, says) for c, name, says in answer["tests"]))

    def examine(
        self, template: Template, job: Message, lanes: list[Lane], on_message: Callable[[Message], None]
    ) -> None:
        """Have a submission judged on `lanes`; every message of the examiner but its last goes to `on_message`.

        Raises:
            LaneLost: a lane failed.
            ExaminerFault: the examiner failed or fell silent.
        """
        results, theirs = socket.socketpair()
        results.settimeout(SILENCE_S + SILENCE_WALLS * float(job["wall_s"]))
        with results:
            with theirs:
                self._hand_in(template, job, lanes, theirs)
            done = self._follow(results, on_message)
        for lane, state in zip(lanes, done["done"], strict=True):
            lane.taken_back(state)

    def _hand_in(self, template: Template, job: Message, lanes: list[Lane], theirs: socket.socket) -> None:
        states, passed = [], [theirs.fileno()]
        for lane in lanes:
            state, own = lane.hand_over()
            states.append(state | {"descriptors": len(own)})
            passed += own
        with self._lock:
            try:
                descriptors.send(template.jobs, {"job": job, "lanes": states}, passed)
            except OSError as error:
                self._templates = collections.OrderedDict(
                    (k, t) for k, t in self._templates.items() if t is not template
                )
                raise ExaminerFault(f"the template is gone: {error}") from error

    def _follow(self, results: socket.socket, on_message: Callable[[Message], None]) -> Message:
        pid = 0
        try:
            while True:
                frame, _ = wire.receive_frame(results, 0)
                for message in frame["messages"]:
                    on_message(message)
                if "done" in frame:
                    return frame
                if "fault" in frame:
                    raise _fault(frame)
                pid = frame.get("pid", pid)
        except (EOFError, OSError, WireError) as error:
            if pid:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            raise ExaminerFault(f"the examiner ended in the middle: {error!r}") from error


def _require_classes(task: Task, found: set[str]) -> None:
    for part in task.parts:
        if part.test_class not in found:
            raise TaskError(task.hidden_tests, f"no test for part {part.id!r}: write class {part.test_class}")


def _fault(message: Message) -> SandboxError:
    text = f"{message['fault']}\n{message['trace']}"
    return LaneLost(text) if message["fault"].startswith("LaneLost") else ExaminerFault(text)


def _spawn(theirs: socket.socket) -> subprocess.Popen[bytes]:
    environment = {"PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8", "PYTHONPATH": os.pathsep.join(sys.path)}
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "grader.examiner", str(theirs.fileno())],
        env=environment | threads | ALLOCATOR,
        pass_fds=[theirs.fileno()],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
