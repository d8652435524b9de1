"""Which GPUs this machine has, and what their driver says: asked of `nvidia-smi`, with a deadline, never of torch.

A driver in trouble can keep a program that asks it waiting for ever, where not even SIGKILL ends it. So nothing here
waits for `nvidia-smi` to end: it has a deadline, after which it is killed and left to itself.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sandbox.errors import GpuUnavailable

PROGRAM: Final = "nvidia-smi"
ANSWER_S: Final = 10.0
MOST_OUTPUT: Final = 1 << 20
FIELDS: Final = "index,uuid,name,memory.total,driver_version"
#: Where the driver says which device file is whose.
DRIVER = Path("/proc/driver/nvidia/gpus")
_GPU: Final = re.compile(r"GPU (\d+): .*\(UUID: (GPU-[^)]+)\)")
_SLICE: Final = re.compile(r"MIG (\S+)\s+Device\s+\d+: \(UUID: (MIG-[^)]+)\)")
_SLICE_MEMORY: Final = re.compile(r"\.(\d+)gb")


@dataclass(frozen=True)
class Gpu:
    """One device that a lane can have for itself: a whole GPU, or a slice of one that was cut up (MIG).

    Attributes:
        index: the driver's number of the GPU; slices have that of the GPU they are of.
        memory_mb: all of its memory; of a slice, what its profile is named for.
    """

    index: int
    uuid: str
    name: str
    memory_mb: int
    driver: str = ""

    @property
    def is_slice(self) -> bool:
        """Whether it is part of a GPU that was cut up."""
        return self.uuid.startswith("MIG-")


def discover() -> list[Gpu]:
    """Every GPU, in the driver's order, those that are cut up by their slices; none where there is no driver.

    Raises:
        GpuUnavailable: there is a driver, and it does not answer as it must.
    """
    if shutil.which(PROGRAM) is None:
        return []
    listed = ask("-L")
    if "No devices" in listed or not listed.strip():
        return []
    whole = [_gpu(line) for line in ask(f"--query-gpu={FIELDS}", "--format=csv,noheader,nounits").splitlines() if line]
    slices = _slices(listed, {gpu.uuid: gpu for gpu in whole})
    return [device for gpu in whole for device in slices.get(gpu.uuid, [gpu])]


def ask(*arguments: str, deadline_s: float = ANSWER_S) -> str:
    """What `nvidia-smi` prints.

    Raises:
        GpuUnavailable: it is missing, fails, or has not ended in time.
    """
    try:
        process = start(*arguments)
    except OSError as error:
        raise GpuUnavailable(f"{PROGRAM} cannot be started: {error.strerror}") from error
    try:
        said, ended = read_all(process, time.monotonic() + deadline_s)
    finally:
        stop(process)
    if not ended:
        raise GpuUnavailable(f"{PROGRAM} does not answer within {deadline_s:g} s: the driver is in trouble")
    if process.poll():
        last = said.strip().splitlines()[-1:] or [f"exit status {process.returncode}"]
        raise GpuUnavailable(f"{PROGRAM} fails: {last[0]}")
    return said


def start(*arguments: str) -> subprocess.Popen[bytes]:
    """`nvidia-smi` with its output in a pipe, in a process group of its own."""
    return subprocess.Popen(
        [PROGRAM, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def stop(process: subprocess.Popen[bytes]) -> None:
    """Kill it if it still runs, and close the pipe; does not wait for a process that the kernel cannot end."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    if process.stdout:
        process.stdout.close()


def device_file(gpu: Gpu) -> str:
    """The device file of a whole GPU, which need not have the GPU's index in its name.

    Raises:
        GpuUnavailable: the driver does not tell it.
    """
    for information in sorted(DRIVER.glob("*/information")):
        facts = dict(line.split(":", 1) for line in information.read_text().splitlines() if ":" in line)
        if facts.get("GPU UUID", "").strip() == gpu.uuid:
            return f"/dev/nvidia{int(facts['Device Minor'])}"
    raise GpuUnavailable(f"{DRIVER} does not name the device file of {gpu.uuid}: {gpu.name}")


def read_all(process: subprocess.Popen[bytes], deadline: float) -> tuple[str, bool]:
    """What it prints until it ends, until the deadline, or until it has printed too much; and whether it ended."""
    assert process.stdout is not None
    descriptor, said = process.stdout.fileno(), b""
    while len(said) < MOST_OUTPUT:
        ready, _, _ = select.select([descriptor], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            return said.decode("utf-8", "replace"), False
        more = os.read(descriptor, 65536)
        if not more:
            break
        said += more
    else:
        return said.decode("utf-8", "replace"), False
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(max(0.1, deadline - time.monotonic()))
    return said.decode("utf-8", "replace"), process.returncode is not None


def _gpu(line: str) -> Gpu:
    """One line of the query; a GPU may have a comma in its name."""
    try:
        index, uuid, rest = line.split(", ", 2)
        name, memory, driver = rest.rsplit(", ", 2)
        return Gpu(int(index), uuid, name, int(memory), driver)
    except ValueError as error:
        raise GpuUnavailable(f"{PROGRAM} says something unexpected: {line[:200]!r}") from error


def _slices(listed: str, whole: dict[str, Gpu]) -> dict[str, list[Gpu]]:
    """The slices of each GPU that has some, from what `-L` lists."""
    found: dict[str, list[Gpu]] = {}
    of: Gpu | None = None
    for line in listed.splitlines():
        if match := _GPU.search(line):
            of = whole.get(match[2])
        elif of and (match := _SLICE.search(line)):
            memory = _SLICE_MEMORY.search(match[1])
            size_mb = int(memory[1]) * 1024 if memory else of.memory_mb
            cut = Gpu(of.index, match[2], f"{of.name} MIG {match[1]}", size_mb, of.driver)
            found.setdefault(of.uuid, []).append(cut)
    return found
