"""Who has which GPU: one user a device at a time, and none for a device that does not answer.

A lease is a lock on a file, so it holds between the workers of one machine, and the kernel gives it up with its owner.
After a timeout or a lost lane the user calls the device `suspect`; then, and before a device comes back, a canary has
to sing: a small kernel in a process that is thrown away, with a deadline. A device whose canary does not is kept out
by a file that says why, which `forwardpass doctor` shows.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sandbox import canary, gpu
from sandbox.errors import GpuUnavailable
from sandbox.gpu import Gpu

#: The environment variable that names the folder for locks and quarantines; all workers of a machine share it.
VARIABLE: Final = "FORWARDPASS_GPU_STATE"
CANARY_S: Final = 30.0
#: How long a device is left alone before its canary is tried again.
RETRY_S: Final = 60.0
#: How often somebody who waits looks whether a device is free.
LOOK_S: Final = 0.1


def canary_problem(device: Gpu, deadline_s: float = CANARY_S) -> str:
    """What is wrong with a device, "" if its canary sings."""
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", canary.__file__],
        env={"CUDA_VISIBLE_DEVICES": device.uuid},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        said, ended = gpu.read_all(process, time.monotonic() + deadline_s)
    finally:
        gpu.stop(process)
    if not ended:
        return f"no answer within {deadline_s:g} s"
    return "" if process.returncode == 0 else (said.strip().splitlines() or ["the canary died"])[-1]


def state_folder() -> Path:
    """Where locks and quarantines are, made if it is missing.

    Raises:
        GpuUnavailable: it cannot be made, or belongs to somebody else.
    """
    named = os.environ.get(VARIABLE)
    folder = Path(named or Path(tempfile.gettempdir(), f"forwardpass-gpu-{os.geteuid()}"))
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        ours = bool(named) or (folder.lstat().st_uid == os.geteuid() and not folder.is_symlink())
    except OSError as error:
        raise GpuUnavailable(f"{folder} cannot be made: {error.strerror}") from error
    if not ours:
        raise GpuUnavailable(f"{folder} belongs to somebody else: name another folder in {VARIABLE}")
    return folder


def quarantined(folder: Path) -> dict[str, str]:
    """Why each device that is kept out is, by its UUID."""
    return {path.stem: path.read_text(encoding="utf-8").strip() for path in folder.glob("*.quarantined")}


@dataclass
class Lease:
    """A device, and whether something happened on it that makes it suspect."""

    gpu: Gpu
    suspicion: str = ""

    def suspect(self, why: str) -> None:
        """Have the canary sing before anybody else gets this device."""
        self.suspicion = self.suspicion or why


class Leases:
    """Lends out devices; safe to use from many threads and by many workers."""

    def __init__(
        self,
        devices: Sequence[Gpu],
        folder: Path | None = None,
        *,
        problem_of: Callable[[Gpu], str] = canary_problem,
        retry_s: float = RETRY_S,
    ) -> None:
        self.devices = tuple(devices)
        self._folder = folder or state_folder()
        self._problem_of, self._retry_s = problem_of, retry_s

    @contextlib.contextmanager
    def lease(self, wait_s: float) -> Iterator[Lease]:
        """Have a device for oneself.

        Raises:
            GpuUnavailable: every device is kept out, or none came free in time.
        """
        lease, lock = self._wait(time.monotonic() + wait_s)
        try:
            yield lease
        except Exception as error:
            lease.suspect(f"{type(error).__name__} while it was in use")
            raise
        finally:
            if lease.suspicion:
                self._examine(lease.gpu, lease.suspicion)
            os.close(lock)

    def _wait(self, deadline: float) -> tuple[Lease, int]:
        while True:
            for device in self.devices:
                lock = self._lock(device)
                if lock is not None and self._is_sound(device):
                    return Lease(device), lock
                if lock is not None:
                    os.close(lock)
            out = quarantined(self._folder)
            if all(device.uuid in out for device in self.devices):
                raise GpuUnavailable(f"every GPU is kept out: {'; '.join(sorted(set(out.values())))}")
            if time.monotonic() >= deadline:
                raise GpuUnavailable("every GPU is in use")
            time.sleep(LOOK_S)  # the lock may be another worker's, which cannot tell this one

    def _lock(self, device: Gpu) -> int | None:
        """The open lock of a device, or None while somebody has it."""
        descriptor = os.open(self._folder / f"{device.uuid}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return descriptor

    def _is_sound(self, device: Gpu) -> bool:
        """Whether a device may be used; one that is kept out is tried again after a while. Needs its lock."""
        mark = self._mark(device)
        if not mark.exists():
            return True
        if time.time() - mark.stat().st_mtime < self._retry_s:
            return False
        return self._examine(device, mark.read_text(encoding="utf-8").partition(" (after ")[2].rstrip(")\n"))

    def _examine(self, device: Gpu, suspicion: str) -> bool:
        """Have the canary sing, and let the device in or keep it out by that. Needs its lock."""
        problem = self._problem_of(device)
        if problem:
            self._mark(device).write_text(f"{problem} (after {suspicion})\n", encoding="utf-8")
        else:
            self._mark(device).unlink(missing_ok=True)
        return not problem

    def _mark(self, device: Gpu) -> Path:
        return self._folder / f"{device.uuid}.quarantined"
