"""What the kernel tells of another process and lets be done to it."""

from __future__ import annotations

import contextlib
import os
import time
from typing import Final


def usage(pid: int) -> dict[str, int]:
    """CPU time and memory of a process, as far as the kernel tells; a process that is gone has none.

    `starved_ns` is how long its first thread could have run while others had the CPU.
    """
    found = {"cpu_ns": 0, "resident_kb": 0, "peak_kb": 0, "starved_ns": 0}
    with contextlib.suppress(OSError):
        found["cpu_ns"] = cpu_ns(pid)
    with contextlib.suppress(OSError, ValueError, IndexError), open(f"/proc/{pid}/schedstat") as statistics:
        found["starved_ns"] = int(statistics.read().split()[1])
    with contextlib.suppress(OSError), open(f"/proc/{pid}/status") as status:
        for line in status:
            if line.startswith(("VmRSS", "VmHWM", "VmPTE")):
                name, value = line.split()[:2]
                found[_FIELDS[name]] = found.get(_FIELDS[name], 0) + int(value)
    return found


_FIELDS: Final = {"VmRSS:": "resident_kb", "VmHWM:": "peak_kb", "VmPTE:": "tables_kb"}


def cpu_ns(pid: int) -> int:
    """CPU time of all of a process's threads so far, by the kernel's clock id of another process.

    Raises:
        OSError: the process is gone, with its clock.
    """
    return time.clock_gettime_ns((~pid << 3) | 2)


def pin(pid: int, cpus: set[int]) -> None:
    """Let all threads of a process run on these CPUs only, if it is still there."""
    with contextlib.suppress(FileNotFoundError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            with contextlib.suppress(OSError):  # threads come and go, and a container may not have that CPU
                os.sched_setaffinity(int(thread), cpus)
