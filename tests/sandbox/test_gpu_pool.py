"""Lanes for GPUs, with backends and leases that cost nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.errors import GpuUnavailable, LaneLost
from sandbox.gpu import Gpu
from sandbox.gpu_lease import Leases, quarantined
from sandbox.gpu_pool import GpuPool
from tests.sandbox.fake_gpu import ONE, TWO
from tests.sandbox.test_pool import FakeBackend


class House:
    """A pool over two devices that remembers the backend of each."""

    def __init__(self, folder: Path) -> None:
        self.backends: dict[Gpu, FakeBackend] = {}
        self.asked: list[Gpu] = []
        self.pool = GpuPool(Leases((ONE, TWO), folder, problem_of=self._problem), self._backend)

    def _backend(self, gpu: Gpu) -> FakeBackend:
        return self.backends.setdefault(gpu, FakeBackend())

    def _problem(self, gpu: Gpu) -> str:
        self.asked.append(gpu)
        return ""


@pytest.fixture
def house(tmp_path: Path) -> House:
    """The pool, with no lane started yet."""
    return House(tmp_path)


def test_two_lanes_of_one_device(house: House) -> None:
    """A submission gets a device with a lane for itself and one for the reference; both are warm the next time."""
    for _ in range(2):
        with house.pool.lanes(0) as (lease, lane, reference):
            assert lease.gpu == ONE
            assert lane is not reference
    assert len(house.backends[ONE].started) == 2
    assert TWO not in house.backends


def test_one_submission_a_device(house: House) -> None:
    """The second gets the other device, the third none."""
    with house.pool.lanes(0), house.pool.lanes(0) as (lease, _, _):
        assert lease.gpu == TWO
        with pytest.raises(GpuUnavailable), house.pool.lanes(0):
            pass


def test_lost_lane(house: House, tmp_path: Path) -> None:
    """A lost lane makes its device suspect; the canary sings, and the device is lent out again with new lanes."""
    with pytest.raises(LaneLost), house.pool.lanes(0):
        raise LaneLost("gone")
    assert house.asked == [ONE]
    assert quarantined(tmp_path) == {}
    with house.pool.lanes(0) as (lease, _, _):
        assert lease.gpu == ONE


def test_runs_end_before_the_device_is_free(house: House) -> None:
    """A run that does not end keeps its device from being lent out unexamined."""
    with pytest.raises(LaneLost), house.pool.lanes(0):
        house.backends[ONE].started[0].fake.unsettled = True
    assert house.asked == [ONE]


def test_close(house: House) -> None:
    """Closing ends the lanes of every device."""
    with house.pool.lanes(0), house.pool.lanes(0):
        pass
    house.pool.close()
    assert [backend.living() for backend in house.backends.values()] == [0, 0]
