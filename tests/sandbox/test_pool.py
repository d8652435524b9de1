"""The pool, with a backend that costs nothing: who gets which lane, and what happens when one is lost."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import cast

import pytest

from sandbox.errors import LaneLost, SandboxError, SandboxUnavailable
from sandbox.lane import Lane
from sandbox.pool import Pool, StartedLane


class FakeLane:
    """Stands for a `Lane` where only its coming and going matters."""

    def __init__(self) -> None:
        self.number = -1
        self.preforked = 0
        self.lost = False
        self.unsettled = False

    def settle(self) -> None:
        """Fails if a run does not end."""
        if self.unsettled:
            raise LaneLost("a run does not end")

    def prefork(self) -> None:
        """Counts; fails if the lane was lost."""
        if self.lost:
            raise LaneLost("gone")
        self.preforked += 1


class FakeStarted:
    """A started lane that knows whether it was stopped."""

    def __init__(self) -> None:
        self.fake = FakeLane()
        self.lane = cast("Lane", self.fake)
        self.alive = True
        self.stopped = 0

    def stop(self) -> None:
        """Counts."""
        self.stopped += 1
        self.alive = False


class FakeBackend:
    """Starts fakes; fails with `failures`, one at a time, until there are none."""

    name = "fake"
    single_use = False

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.started: list[FakeStarted] = []
        self.gate = threading.Event()
        self.gate.set()
        self.starting = threading.Semaphore(0)
        self._lock = threading.Lock()

    def start(self) -> StartedLane:
        """A fake, when the gate is open."""
        self.starting.release()
        self.gate.wait()
        with self._lock:
            if self.failures:
                raise self.failures.pop(0)
            self.started.append(FakeStarted())
            return self.started[-1]

    def describe(self) -> dict[str, str]:
        """Nothing much."""
        return {"name": self.name}

    def living(self) -> int:
        """How many lanes were not stopped."""
        return sum(started.alive for started in self.started)


def test_open_starts_all_lanes() -> None:
    """Opening starts as many lanes as the pool has, each with a spare run; closing ends them."""
    backend = FakeBackend()
    with Pool(backend, 3):
        assert backend.living() == 3
        assert all(started.fake.preforked == 1 for started in backend.started)
        assert sorted(started.fake.number for started in backend.started) == [0, 1, 2]
    assert backend.living() == 0
    assert len(backend.started) == 3


def test_lanes_start_at_once() -> None:
    """All lanes come up at the same time, not one after the other."""
    backend = FakeBackend()
    backend.gate.clear()
    pool = Pool(backend, 3)
    opening = threading.Thread(target=pool.open)
    opening.start()
    for _ in range(3):
        assert backend.starting.acquire(timeout=30)
    backend.gate.set()
    opening.join()
    pool.close()


def test_closing_twice() -> None:
    """A pool can be closed twice."""
    backend = FakeBackend()
    pool = Pool(backend, 1)
    pool.open()
    pool.close()
    pool.close()
    assert backend.started[0].stopped >= 1


def test_unopened_pool_starts_lanes_when_borrowed() -> None:
    """Without opening, a lane is started when it is first needed."""
    backend = FakeBackend()
    pool = Pool(backend, 2)
    with pool.lane():
        assert len(backend.started) == 1
    pool.close()
    assert backend.living() == 0


def test_lanes_that_are_used_once() -> None:
    """Where lanes serve one user, each user gets another one, warm before it was asked for, and the last one ends."""
    backend = FakeBackend()
    backend.single_use = True
    with Pool(backend, 1) as pool:
        assert len(backend.started) == 2
        used = []
        for _ in range(4):
            with pool.lane() as lane:
                used.append(id(lane))
        assert len(set(used)) == 4
        assert pool.replaced == 0
    assert backend.living() == 0


def test_lanes_are_reused() -> None:
    """A lane that was given back in good order is lent again, with a new spare."""
    backend = FakeBackend()
    with Pool(backend, 1) as pool:
        for _ in range(3):
            with pool.lane() as lane:
                assert lane is backend.started[0].lane
        assert backend.started[0].fake.preforked == 4
        assert pool.replaced == 0


def test_failing_borrower() -> None:
    """Whatever a borrower fails with comes through, and the lane is replaced."""
    backend = FakeBackend()
    with Pool(backend, 1) as pool:
        with pytest.raises(KeyboardInterrupt), pool.lane():
            raise KeyboardInterrupt
        with pool.lane() as lane:
            assert lane is backend.started[1].lane
        assert pool.replaced == 1
        assert backend.started[0].stopped == 1
    assert backend.living() == 0


def test_lost_lane() -> None:
    """A lane found lost when its next spare is asked for is the borrower's failure, and replaced."""
    backend = FakeBackend()
    with Pool(backend, 1) as pool:
        with pytest.raises(LaneLost), pool.lane():
            backend.started[0].fake.lost = True
        with pool.lane() as lane:
            assert lane is backend.started[1].lane


def test_lane_whose_last_run_does_not_end() -> None:
    """A lane that cannot be cleared of its last run is replaced before the next borrower gets it."""
    backend = FakeBackend()
    with Pool(backend, 1) as pool:
        with pool.lane():
            backend.started[0].fake.unsettled = True
        with pool.lane() as lane:
            assert lane is backend.started[1].lane
        assert pool.replaced == 1


def test_lane_that_died_while_idle() -> None:
    """A lane that died between two borrowers is replaced before the second gets it."""
    backend = FakeBackend()
    with Pool(backend, 1) as pool:
        backend.started[0].alive = False
        with pool.lane() as lane:
            assert lane is backend.started[1].lane
        assert backend.started[0].stopped == 1


@pytest.mark.parametrize("failure", [SandboxUnavailable("no bwrap"), OSError(24, "Too many open files")])
def test_opening_fails(failure: Exception) -> None:
    """If one lane cannot be started opening fails, and no other lane is left."""
    backend = FakeBackend(failure)
    with pytest.raises(type(failure)):
        Pool(backend, 3).open()
    assert backend.living() == 0


@pytest.mark.parametrize("failure", [SandboxUnavailable("not now"), OSError(28, "No space left on device")])
def test_replacing_fails_for_a_while(failure: Exception) -> None:
    """While no lane can be started borrowers are told why; later ones get a lane, and none is missing."""
    backend = FakeBackend()
    with Pool(backend, 1) as pool:
        backend.failures = [failure, failure, failure]
        with pytest.raises(ZeroDivisionError), pool.lane():
            raise ZeroDivisionError
        with pytest.raises(type(failure)), pool.lane():  # after a first try in the background, before another
            pass
        with pool.lane() as lane:
            assert lane is backend.started[1].lane
        assert backend.living() == 1


def test_closed_pool_lends_nothing() -> None:
    """Borrowing from a closed pool fails and starts nothing."""
    backend = FakeBackend()
    pool = Pool(backend, 1)
    pool.close()
    with pytest.raises(SandboxError), pool.lane():
        pass
    assert backend.started == []


def test_closing_while_a_lane_is_lent() -> None:
    """A lane that is lent when the pool closes is ended, and none is started in its place."""
    backend = FakeBackend()
    pool = Pool(backend, 1)
    pool.open()
    with pool.lane():
        pool.close()
    assert backend.living() == 0
    assert len(backend.started) == 1


def test_closing_while_a_lane_comes_up() -> None:
    """A lane that is coming up when the pool closes is ended too."""
    backend = FakeBackend()
    pool = Pool(backend, 1)
    pool.open()
    backend.gate.clear()
    assert backend.starting.acquire(timeout=30)
    with pytest.raises(ZeroDivisionError), pool.lane():
        raise ZeroDivisionError
    assert backend.starting.acquire(timeout=30)
    closing = threading.Thread(target=pool.close)
    closing.start()
    backend.gate.set()
    closing.join()
    assert backend.living() == 0


def test_closing_releases_who_waits() -> None:
    """Who waits for a lane when the pool closes is told, not left waiting."""
    backend = FakeBackend()
    pool = Pool(backend, 1)
    pool.open()
    told: list[BaseException] = []
    ready = threading.Barrier(4)

    def borrow() -> None:
        ready.wait()
        try:
            with pool.lane():
                pass
        except SandboxError as error:
            told.append(error)

    waiting = [threading.Thread(target=borrow) for _ in range(3)]
    with pool.lane():
        for thread in waiting:
            thread.start()
        ready.wait()
        pool.close()
    for thread in waiting:
        thread.join()
    assert len(told) == 3


def test_many_borrowers() -> None:
    """Many threads share few lanes; no lane has two borrowers at once, and failures in between lose none."""
    backend = FakeBackend()
    taken: set[int] = set()
    lock = threading.Lock()

    def borrow(n: int) -> bool:
        try:
            with pool.lane() as lane:
                with lock:
                    alone = id(lane) not in taken
                    taken.add(id(lane))
                with lock:
                    taken.remove(id(lane))
                if n % 7 == 0:
                    raise ZeroDivisionError
        except ZeroDivisionError:
            return alone
        return alone

    with Pool(backend, 3) as pool, ThreadPoolExecutor(8) as threads:
        assert all(threads.map(borrow, range(300)))
        assert pool.replaced == 43
    assert backend.living() == 0
    assert len(backend.started) == 3 + 43
