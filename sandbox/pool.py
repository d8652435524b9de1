"""Keeps a number of lanes warm, lends them out one user at a time, and replaces those that were lost."""

from __future__ import annotations

import contextlib
import queue
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

from sandbox.errors import SandboxError
from sandbox.lane import Lane


class StartedLane(Protocol):
    """A lane with the means to end it."""

    @property
    def lane(self) -> Lane:
        """The lane to drive."""

    @property
    def alive(self) -> bool:
        """Whether the lane's first process still runs."""

    def stop(self) -> None:
        """End the lane and everything in it."""


class Backend(Protocol):
    """One way to isolate: bubblewrap or containers."""

    name: str

    @property
    def single_use(self) -> bool:
        """Whether a lane serves one user only."""

    def start(self) -> StartedLane:
        """A new lane, warm.

        Raises:
            SandboxUnavailable: this way does not work here; the message says what to do.
        """

    def describe(self) -> dict[str, str]:
        """What a report says of this backend."""


@dataclass
class _Slot:
    """A place for one lane; empty until it is first needed, and after a loss until a new lane is up."""

    number: int
    started: StartedLane | None = None


class Pool:
    """`size` warm lanes of one backend; safe to use from many threads.

    Where the backend wants lanes used once only, each is thrown away after its user, and there are as many again, so
    that the next user finds a warm one all the same.
    """

    def __init__(self, backend: Backend, size: int) -> None:
        self.backend, self.size = backend, size
        self._slots = [_Slot(number) for number in range(size * (2 if backend.single_use else 1))]
        self._idle: queue.LifoQueue[_Slot] = queue.LifoQueue()
        for slot in reversed(self._slots):
            self._idle.put(slot)
        self._starters = ThreadPoolExecutor(max_workers=len(self._slots), thread_name_prefix="lane-start")
        self._closed = False
        self.replaced = 0

    def open(self) -> None:
        """Start all lanes at once; without it each is started when first borrowed.

        Raises:
            SandboxUnavailable: a lane cannot be started here.
        """
        try:
            list(self._starters.map(self._fill, self._slots))
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End every lane; safe to call twice."""
        self._closed = True
        self._starters.shutdown(wait=True)  # what still waits to start finds the pool closed
        for slot in self._slots:
            self._empty(slot)

    @contextlib.contextmanager
    def lane(self) -> Iterator[Lane]:
        """Borrow a lane. Whatever goes wrong with it inside the block, the next borrower gets a sound one.

        Raises:
            SandboxError: the lane was lost, or no new one could be started.
        """
        slot = self._idle.get()
        try:
            lane = self._fill(slot)
            yield lane
            if self.backend.single_use:
                self._empty(slot)
            else:
                lane.prefork()
        except BaseException:
            self._empty(slot)
            self.replaced += 1
            raise
        finally:
            self._give_back(slot)

    def _fill(self, slot: _Slot) -> Lane:
        """The slot's lane with nothing left in it of the runs before, or a new one."""
        if slot.started is not None and not _is_sound(slot.started):
            self._empty(slot)
            self.replaced += 1
        if slot.started is None:
            if self._closed:
                raise SandboxError("the pool is closed")
            slot.started = self.backend.start()
            slot.started.lane.number = slot.number
            slot.started.lane.prefork()
        return slot.started.lane

    def _empty(self, slot: _Slot) -> None:
        started, slot.started = slot.started, None
        if started is not None:
            started.stop()

    def _give_back(self, slot: _Slot) -> None:
        """Make the slot available: at once, or when a new lane is up in place of a lost one."""
        if self._closed:  # an interrupt closes the pool while lanes are in use
            self._empty(slot)
        if slot.started is not None or self._closed:
            self._idle.put(slot)
            return
        try:
            self._starters.submit(self._refill, slot)
        except RuntimeError:  # the pool was closed meanwhile
            self._idle.put(slot)

    def _refill(self, slot: _Slot) -> None:
        with contextlib.suppress(SandboxError, OSError):  # the next borrower tries again, and is told why it fails
            self._fill(slot)
        self._idle.put(slot)

    def __enter__(self) -> Pool:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _is_sound(started: StartedLane) -> bool:
    """Whether the lane lives and its last runs have ended; waits for that."""
    if not started.alive:
        return False
    try:
        started.lane.settle()
    except SandboxError:
        return False
    return True
