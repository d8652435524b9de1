"""Proves on the machine at hand that a lane works and keeps code in: one call that must succeed, and hostile ones.

Each hostile function gives back what it got hold of, so an empty list is what is wanted; the two that use something up
must end as `OutOfMemory` and `TimedOut`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from sandbox.lane import Lane
from sandbox.limits import Outcome, OutOfMemory, Returned, TimedOut

WALL_S: Final = 2.0
MEMORY_MB: Final = 256
NOWHERE: Final = (
    "/probe",
    "/usr/probe",
    "/dev/probe",
    "/dev/shm/probe",  # inside a lane, and it must be refused
    "/proc/sys/kernel/core_pattern",
    "/site/probe",
)

CODE: Final = """
import os, socket
import torch

def attempt(action, things):
    got = []
    for thing in things:
        try:
            action(thing)
            got.append(str(thing))
        except OSError:
            pass
    return got

def compute():
    return torch.softmax(torch.zeros(4), 0).sum().item()

def read(paths):
    return attempt(lambda path: open(path).read(1), paths)

def write(paths):
    return attempt(lambda path: open(path, "w").write("x"), paths)

def connect():
    return attempt(lambda family: socket.socket(family), [socket.AF_INET, socket.AF_INET6, socket.AF_UNIX])

def multiply():
    ways = lambda: os.fork() or os._exit(0), lambda: os.posix_spawn("/bin/sh", ["sh"], {})
    return attempt(lambda start: start(), ways)

def look():
    return [name for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid()]

def grow(blocks=[]):
    while True:
        blocks.append(bytearray(1 << 20))

def hang():
    while True:
        pass
"""


@dataclass(frozen=True)
class Trial:
    """One thing that code in a lane tried; `held` if it ended as it must."""

    name: str
    held: bool
    says: str


def trials(lane: Lane) -> Iterator[Trial]:
    """Try everything in one lane, which is to be thrown away afterwards.

    Raises:
        LaneLost: the lane itself failed.
    """
    with tempfile.NamedTemporaryFile(prefix="forwardpass-secret-") as secret:
        lane.limit(wall_s=WALL_S, memory_mb=MEMORY_MB)
        yield _worked(_outcome(lane, "compute"))
        yield _refused("read files of the host", _outcome(lane, "read", [secret.name, "/etc/passwd"]))
        yield _refused("write outside /tmp", _outcome(lane, "write", list(NOWHERE)))
        yield _refused("open a socket", _outcome(lane, "connect"))
        yield _refused("start a process", _outcome(lane, "multiply"))
        if lane.backend.get("isolation") != "users":  # there it sees them, and may do nothing to them
            yield _refused("see other processes", _outcome(lane, "look"))
        yield _stopped(f"take more than {MEMORY_MB} MB", _outcome(lane, "grow"), OutOfMemory)
        yield _stopped(f"run for more than {WALL_S:g} s", _outcome(lane, "hang"), TimedOut)


def _outcome(lane: Lane, function: str, *args: Any) -> Outcome:
    """How a call of one of the functions in `CODE` ends, each in a run of its own."""
    run = lane.run()
    try:
        loaded = run.load("selftest", CODE)
        return run.call("selftest", function, args) if isinstance(loaded, Returned) else loaded
    finally:
        run.close()


def _worked(outcome: Outcome) -> Trial:
    held = isinstance(outcome, Returned) and outcome.value == 1.0
    return Trial("compute with torch", held, "works" if held else f"failed: {outcome}")


def _refused(name: str, outcome: Outcome) -> Trial:
    if isinstance(outcome, Returned) and outcome.value == []:
        return Trial(name, True, "refused")
    got = f"succeeded: {outcome.value}" if isinstance(outcome, Returned) else f"ended unexpectedly: {outcome}"
    return Trial(name, False, got)


def _stopped(name: str, outcome: Outcome, wanted: type[Outcome]) -> Trial:
    held = isinstance(outcome, wanted)
    return Trial(name, held, "stopped" if held else f"ended unexpectedly: {outcome}")
