"""Control groups for lanes, version 1 or 2, where this process may make them; elsewhere a watchdog and rlimits do.

`create` gives the paths a lane's first process writes its id to. The memory bound is a backstop well above the
run's own RLIMIT_DATA, which is what a candidate normally meets.

On version 2 a group that has processes cannot limit its children (the root apart). So a lane's group is made below
this process's own group if that has room, which it makes by moving into a leaf when it is alone there (a service
with systemd's `Delegate=yes`), else below the nearest group above that limits its children and lets us in.
"""

from __future__ import annotations

import contextlib
import errno
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT = Path("/sys/fs/cgroup")
#: Says which group this process is in.
OWN = Path("/proc/self/cgroup")
PREFIX: Final = "forwardpass"
LEAF: Final = f"{PREFIX}-service"
V1_CONTROLLERS: Final = ("memory", "pids")
V2_CONTROLLERS: Final = frozenset({"memory", "pids"})
#: Not every kernel counts swap.
OPTIONAL: Final = frozenset({"memory.swap.max", "memory.memsw.limit_in_bytes"})


@dataclass(frozen=True)
class Cgroup:
    """One lane's groups: one folder on version 2, one for each controller on version 1."""

    version: int
    folders: tuple[Path, ...]

    @property
    def joins(self) -> tuple[Path, ...]:
        """The files a process writes its id to in order to join."""
        return tuple(folder / "cgroup.procs" for folder in self.folders)

    @property
    def events(self) -> Path:
        """The file that counts `oom_kill`."""
        return self.folders[0] / ("memory.events" if self.version == 2 else "memory.oom_control")

    def remove(self) -> None:
        """Kill what is left inside and delete the groups; safe to call twice."""
        for folder in self.folders:
            _empty(folder)


def create(name: str, memory_bytes: int, pids: int) -> Cgroup | None:
    """A group with these limits, or None where this process may not make one."""
    name = f"{PREFIX}-{name}"
    for version, attempt in ((2, _create_v2), (1, _create_v1)):
        with contextlib.suppress(OSError):
            return Cgroup(version, attempt(name, memory_bytes, pids))
    return None


def sweep() -> None:
    """Delete the empty groups of services that were killed before they could; `create` was given a PID first."""
    for parent in (*(ROOT / controller for controller in V1_CONTROLLERS), *_parents()):
        for folder in parent.glob(f"{PREFIX}-*-*"):
            if not Path("/proc", folder.name.split("-")[1]).exists():
                with contextlib.suppress(OSError):
                    folder.rmdir()


def _create_v2(name: str, memory_bytes: int, pids: int) -> tuple[Path, ...]:
    for parent in _parents():
        with contextlib.suppress(OSError):
            _let_limit(parent)
            folder = parent / name
            folder.mkdir(exist_ok=True)
            return _limited(folder, {"memory.max": memory_bytes, "memory.swap.max": 0, "pids.max": pids})
    raise PermissionError("no group of this process may have limited children")


def _create_v1(name: str, memory_bytes: int, pids: int) -> tuple[Path, ...]:
    memory, tasks = (ROOT / controller / name for controller in V1_CONTROLLERS)
    memory.mkdir(exist_ok=True)
    _limited(memory, {"memory.limit_in_bytes": memory_bytes, "memory.memsw.limit_in_bytes": memory_bytes})
    try:
        tasks.mkdir(exist_ok=True)
        _limited(tasks, {"pids.max": pids})
    except OSError:
        memory.rmdir()
        raise
    return memory, tasks


def _limited(folder: Path, settings: dict[str, int]) -> tuple[Path, ...]:
    try:
        for key, value in settings.items():
            if key not in OPTIONAL or (folder / key).exists():
                (folder / key).write_text(str(value))
    except OSError:
        folder.rmdir()
        raise
    return (folder,)


def _parents() -> Iterator[Path]:
    """On version 2, this process's group and those above it, nearest first."""
    if not (ROOT / "cgroup.controllers").exists() or not OWN.exists():
        return
    lines = OWN.read_text().splitlines()
    inner = next((line[3:].strip("/ ") for line in lines if line.startswith("0::")), "")
    own = ROOT / inner if ".." not in inner else ROOT
    own = own.parent if own.name == LEAF else own
    yield own
    if own != ROOT:
        yield from own.parents[: len(own.relative_to(ROOT).parts)]


def _let_limit(parent: Path) -> None:
    """See to it that the children of `parent` can be limited and that this process can send others into them.

    Raises:
        OSError: they cannot.
    """
    if not os.access(parent / "cgroup.procs", os.W_OK):
        raise PermissionError(f"{parent} is not ours")
    missing = V2_CONTROLLERS - set((parent / "cgroup.subtree_control").read_text().split())
    if not missing:
        return
    switch = " ".join(f"+{controller}" for controller in sorted(missing))
    try:
        (parent / "cgroup.subtree_control").write_text(switch)
    except OSError as error:
        alone = (parent / "cgroup.procs").read_text().split() == [str(os.getpid())]
        if error.errno != errno.EBUSY or not alone:
            raise
        (parent / LEAF).mkdir(exist_ok=True)
        (parent / LEAF / "cgroup.procs").write_text("0")
        (parent / "cgroup.subtree_control").write_text(switch)


def _empty(folder: Path) -> None:
    deadline = time.monotonic() + 5.0
    while folder.exists() and time.monotonic() < deadline:
        _kill_all(folder)
        try:
            folder.rmdir()
        except OSError:
            time.sleep(0.005)


def _kill_all(folder: Path) -> None:
    with contextlib.suppress(OSError):
        if (folder / "cgroup.kill").exists():
            (folder / "cgroup.kill").write_text("1")
        for pid in (folder / "cgroup.procs").read_text().split():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(int(pid), 9)
