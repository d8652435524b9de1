"""What grading could leave behind on this machine: processes, descriptors, mounts, folders, control groups, memory."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from grader.backend import default_backend
from sandbox.bubblewrap import BubblewrapLane
from sandbox.container import Container, ContainerLane
from sandbox.pool import Backend, StartedLane


class Remembering:
    """The default backend, which remembers every lane it started."""

    def __init__(self) -> None:
        self._backend: Backend = default_backend()
        if isinstance(self._backend, Container):
            assert self._backend.home  # its lock stays open as long as the process lives
        self.name = self._backend.name
        self.started: list[StartedLane] = []

    @property
    def single_use(self) -> bool:
        """As the backend says."""
        return self._backend.single_use

    def start(self) -> StartedLane:
        """A new lane."""
        self.started.append(self._backend.start())
        return self.started[-1]

    def describe(self) -> dict[str, str]:
        """What a report says of this backend."""
        return self._backend.describe()

    def come_to_rest(self) -> None:
        """Wait until every lane has done what it was asked: its last run is gone and its spare is there."""
        for started in self.started:
            if started.alive:
                started.lane.settle()
                started.lane.ask_zygote("usage", run=0)  # answered after the fork that was asked for before

    def processes(self) -> set[int]:
        """How many processes a lane has; more than one number where lanes differ."""
        return {len(descendants(first)) for lane in self.started if (first := _first_process(lane))}

    def left(self) -> list[str]:
        """What is left of all lanes after they were stopped."""
        return [thing for lane in self.started for thing in _left_of(lane)]


def _first_process(lane: StartedLane) -> int:
    """The process all others of a lane descend from; 0 if it is gone."""
    if isinstance(lane, ContainerLane):
        with lane.engine.asked("look at") as api:
            found = api.containers(filters={"id": lane.container})
            return int(api.inspect_container(lane.container)["State"]["Pid"]) if found else 0
    assert isinstance(lane, BubblewrapLane)
    return lane.process.pid


def _left_of(lane: StartedLane) -> list[str]:
    if isinstance(lane, ContainerLane):
        with lane.engine.asked("look for") as api:
            found = api.containers(all=True, filters={"id": lane.container})
        return [container["Id"] for container in found]
    assert isinstance(lane, BubblewrapLane)
    folders = [Path(lane.stage), *(lane.cgroup.folders if lane.cgroup else ())]
    left = [str(folder) for folder in folders if folder.exists()]
    return left + ([f"process {lane.process.pid}"] if lane.process.poll() is None else [])


@dataclass(frozen=True)
class Footprint:
    """What this process holds, its children and theirs included."""

    processes: int
    descriptors: int
    mounts: int
    memory_kb: int

    @classmethod
    def now(cls, *, but: int = 0) -> Footprint:
        """The present footprint, without the process `but` and those below it."""
        own = os.getpid()
        left_out = {but, *descendants(but)} if but else set()
        return cls.of(*(pid for pid in (own, *descendants(own)) if pid not in left_out))

    @classmethod
    def of(cls, *family: int) -> Footprint:
        """The present footprint of these processes."""
        mounted = Path("/proc/self/mountinfo").read_text().splitlines()
        mounts = [line for line in mounted if "/docker/" not in line]  # other users of an engine come and go
        return cls(len(family), sum(map(_descriptors, family)), len(mounts), sum(map(_resident_kb, family)))


def descendants(pid: int) -> list[int]:
    """Every living process below `pid`."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, parent = path.read_text().rpartition(")")[2].split()[:2]
            if state != "Z":
                children.setdefault(int(parent), []).append(int(path.parent.name))
    found, waiting = [], [pid]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def settled(condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    """Whether `condition` comes true before long: what a process leaves, the kernel takes a moment to clear."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _descriptors(pid: int) -> int:
    with contextlib.suppress(OSError):
        return len(os.listdir(f"/proc/{pid}/fd"))
    return 0


def _resident_kb(pid: int) -> int:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1])
    return 0
