"""What is learned of GPUs from `nvidia-smi`, with a shell script in its place."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from sandbox import gpu
from sandbox.errors import GpuUnavailable
from sandbox.gpu import Gpu
from tests.sandbox.fake_gpu import LISTED, ONE, TWO, answering, install, nowhere

SLICED = """\
GPU 0: NVIDIA H100 80GB HBM3 (UUID: GPU-aaaa)
  MIG 3g.40gb     Device  0: (UUID: MIG-1111)
  MIG 1g.10gb+me  Device  1: (UUID: MIG-2222)
GPU 1: NVIDIA H100 80GB HBM3 (UUID: GPU-bbbb)
"""


def test_whole_gpus(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Each GPU has its index, UUID, name, memory and driver."""
    install(monkeypatch, tmp_path, answering())
    assert gpu.discover() == [ONE, TWO]


def test_slices_count_as_devices(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A GPU that is cut up is there by its slices, each with the memory its profile is named for."""
    install(monkeypatch, tmp_path, answering(SLICED))
    first, second, whole = gpu.discover()
    assert first == Gpu(0, "MIG-1111", "NVIDIA H100 80GB HBM3 MIG 3g.40gb", 40960, "570.1")
    assert (second.uuid, second.memory_mb, second.is_slice) == ("MIG-2222", 10240, True)
    assert (whole, whole.is_slice) == (TWO, False)


def test_no_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the program there is no GPU, and that is no error."""
    nowhere(monkeypatch)
    assert gpu.discover() == []


def test_driver_without_devices(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A driver that lists nothing has nothing."""
    install(monkeypatch, tmp_path, "echo No devices were found")
    assert gpu.discover() == []


def test_failing_driver(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What the program says when it fails is passed on."""
    install(monkeypatch, tmp_path, "echo Failed to initialize NVML: Driver/library version mismatch; exit 18")
    with pytest.raises(GpuUnavailable, match=r"nvidia-smi fails: .*version mismatch"):
        gpu.discover()


@pytest.mark.parametrize("queried", ["0, GPU-aaaa\n", "zero, GPU-aaaa, a, b, c\n", "?\n"])
def test_strange_answers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, queried: str) -> None:
    """An answer of another form is an error, never a made-up GPU."""
    install(monkeypatch, tmp_path, answering(LISTED, queried))
    with pytest.raises(GpuUnavailable, match="unexpected"):
        gpu.discover()


def test_deadline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A program that hangs, and one whose child keeps the pipe open, are given up at the deadline and killed."""
    told = tmp_path / "pid"
    install(monkeypatch, tmp_path, f"sleep 60 & echo $! > {told}.new; mv {told}.new {told}; wait")
    started = time.monotonic()
    with pytest.raises(GpuUnavailable, match=r"does not answer within 0\.5 s"):
        gpu.ask("-L", deadline_s=0.5)
    assert time.monotonic() - started < 10
    deadline = time.monotonic() + 10
    while _runs(int(told.read_text())) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not _runs(int(told.read_text()))


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False


def test_device_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The driver's word on which file is whose counts, not the index."""
    for minor, uuid in ((3, ONE.uuid), (0, TWO.uuid)):
        folder = tmp_path / f"0000:{minor}:00.0"
        folder.mkdir()
        (folder / "information").write_text(f"Model: \t\t H100\nGPU UUID: \t {uuid}\nDevice Minor: \t {minor}\n")
    monkeypatch.setattr(gpu, "DRIVER", tmp_path)
    assert gpu.device_file(ONE) == "/dev/nvidia3"
    assert gpu.device_file(TWO) == "/dev/nvidia0"
    with pytest.raises(GpuUnavailable, match="GPU-cccc"):
        gpu.device_file(Gpu(2, "GPU-cccc", "other", 1))


def test_endless_output(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A program that prints without end is stopped, with a bound on what is kept of it."""
    install(monkeypatch, tmp_path, "exec yes 0123456789012345678901234567890123456789")
    with pytest.raises(GpuUnavailable):
        gpu.ask("-L", deadline_s=20.0)


def test_nothing_of_ours_is_left(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Asking opens no descriptor for good."""
    install(monkeypatch, tmp_path, answering())
    before = len(os.listdir("/proc/self/fd"))
    gpu.discover()
    assert len(os.listdir("/proc/self/fd")) == before
