"""How cost and memory are read, with a shell script in the driver's place."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from grader.meter import CpuMeter, GpuMeter, meter_for
from grader.verdict import CandidateFailure, NotMeasured
from sandbox.errors import GpuUnavailable
from sandbox.limits import Usage
from sandbox.run import Run
from tests.sandbox.fake_gpu import install


class FakeRun:
    """A run whose usage is what the test says."""

    pid = 4242

    def __init__(self) -> None:
        self.start, self.peak_kb, self.cpu = Usage(0, 1000, 1000), 5000, 77

    def usage(self) -> Usage:
        """Now."""
        return Usage(0, 0, self.peak_kb)

    def cpu_ns(self) -> int:
        """The clock."""
        return self.cpu


@pytest.fixture
def run() -> Any:
    """The run, for functions that want a real one."""
    return cast("Run", FakeRun())


def test_cpu(run: Any) -> None:
    """Cost is the process's own clock, memory its peak above where it started, read after the act."""
    meter = CpuMeter()

    def act() -> str:
        run.peak_kb = 9000
        return "done"

    assert meter.now_ns(run) == 77
    assert meter.peak_kb(run, act) == (8000.0, "done")
    assert meter.between_calls


def test_memory_of_a_run_that_ended(run: Any) -> None:
    """One that answered and ended has taken its memory along: that is a failure, not a small peak."""
    run.peak_kb = 0
    with pytest.raises(CandidateFailure, match="ended before its memory"):
        CpuMeter().peak_kb(run, lambda: 1)


def test_memory_that_the_kernel_does_not_tell(run: Any) -> None:
    """Where no peaks are told, not even at the start, nothing is measured."""
    run.start = Usage(0, 1000, 0)
    with pytest.raises(NotMeasured):
        CpuMeter().peak_kb(run, lambda: 1)


def test_gpu_clock(run: Any) -> None:
    """Cost is time on this side, whatever the process's clock says; what is between two calls is nobody's."""
    meter = GpuMeter("GPU-aaaa")
    before = meter.now_ns(run)
    run.cpu = 10**18
    assert 0 < meter.now_ns(run) - before < 10**10
    assert not meter.between_calls


def test_gpu_memory(run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The largest sample of the run's process counts; other processes and lines without a number do not."""
    used = tmp_path / "used"
    used.write_text("600")
    install(monkeypatch, tmp_path, f'echo "17, 70000"; echo "4242, $(cat {used})"; echo "4242, [N/A]"; echo "$@" >&2')

    def act() -> str:
        used.write_text("700")
        return "done"

    assert GpuMeter("GPU-aaaa").peak_kb(run, act) == (700 * 1024.0, "done")


def test_memory_that_is_freed_again(run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What the process held in the middle of the act counts."""
    used, seen = tmp_path / "used", tmp_path / "seen"
    used.write_text("900")
    install(monkeypatch, tmp_path, f'mb=$(cat {used}); echo "4242, $mb"; touch {seen}.$mb')

    def act() -> str:
        while not Path(f"{seen}.900").exists():
            pass
        used.write_text("100")
        return "done"

    assert GpuMeter("GPU-aaaa").peak_kb(run, act) == (900 * 1024.0, "done")


def test_driver_that_does_not_name_the_process(run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """In some containers the driver tells nothing of processes: that is never held against anybody."""
    install(monkeypatch, tmp_path, 'echo "17, 70000"')
    with pytest.raises(NotMeasured):
        GpuMeter("GPU-aaaa").peak_kb(run, lambda: None)


def test_driver_that_fails(run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A driver in trouble is our failure."""
    install(monkeypatch, tmp_path, "exit 9")
    with pytest.raises(GpuUnavailable):
        GpuMeter("GPU-aaaa").peak_kb(run, lambda: None)


def test_which_device_is_asked(run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The driver is asked for the device of the lane, for numbers without units."""
    asked = tmp_path / "asked"
    install(monkeypatch, tmp_path, f'echo "$@" > {asked}; echo "4242, 5"')
    GpuMeter("GPU-aaaa").peak_kb(run, lambda: None)
    wanted = "-i GPU-aaaa --query-compute-apps=pid,used_memory --format=csv,noheader,nounits"
    assert asked.read_text().strip() == wanted


def test_meter_for() -> None:
    """A lane without a GPU is measured by the CPU."""
    assert meter_for("") == CpuMeter()
    assert meter_for("GPU-aaaa") == GpuMeter("GPU-aaaa")
