"""The canary, with a driver in Python in the place of CUDA's."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sandbox import canary


class Driver:
    """Remembers what is called; the kernel's answer, or the status of one call, can be made wrong."""

    def __init__(self, *, failing: str = "", off_by: int = 0) -> None:
        self.called: list[str] = []
        self._failing, self._off_by = failing, off_by

    def __getattr__(self, name: str) -> Any:
        def call(*arguments: Any) -> int:
            self.called.append(name)
            if name == "cuMemcpyDtoH_v2":
                target = arguments[0]
                for n in range(len(target)):
                    target[n] = n * n + 7 + self._off_by
            return 719 if name == self._failing else 0

        return call


def test_sings() -> None:
    """It launches a kernel, waits for it, and compares what it wrote."""
    driver = Driver()
    assert canary.sings(driver)
    assert driver.called[-3:] == ["cuLaunchKernel", "cuCtxSynchronize", "cuMemcpyDtoH_v2"]


def test_wrong_answer() -> None:
    """A GPU that computes something else is found out."""
    assert not canary.sings(Driver(off_by=1))


@pytest.mark.parametrize("step", ["cuInit", "cuModuleLoadData", "cuLaunchKernel", "cuCtxSynchronize"])
def test_refused_step(step: str) -> None:
    """The step that the driver refuses is named with its error."""
    with pytest.raises(OSError, match=f"{step} fails with CUDA error 719"):
        canary.sings(Driver(failing=step))


def test_script_without_a_driver() -> None:
    """As a script, without the driver's library, it says so and fails."""
    code = Path(canary.__file__).read_text().replace(canary.LIBRARY, "libnothing.so.9")
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "libnothing.so.9" in done.stdout


def test_needs_nothing_installed() -> None:
    """It imports the standard library only, so it runs without site packages."""
    imported = {
        line.split()[1] for line in Path(canary.__file__).read_text().splitlines() if line[:5] in ("impor", "from ")
    }
    assert imported <= {"__future__", "ctypes", "sys", "typing"}


def test_kernel_assembles(tmp_path: Path) -> None:
    """NVIDIA's assembler, which Triton brings along, accepts the kernel for GPUs old and new."""
    triton = pytest.importorskip("triton")
    assembler = Path(triton.__file__).parent / "backends" / "nvidia" / "bin" / "ptxas"
    (tmp_path / "canary.ptx").write_bytes(canary.KERNEL)
    for architecture in ("sm_75", "sm_80", "sm_90"):
        command = [str(assembler), f"--gpu-name={architecture}", "canary.ptx", "-o", "canary.cubin"]
        assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 0
    assert ctypes.sizeof((ctypes.c_uint32 * canary.THREADS)()) == 4 * canary.THREADS
