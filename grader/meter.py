"""What a call costs and what memory a run takes, read from outside of it: one way for the CPU, one for a GPU.

On the CPU a call costs CPU time of the run's process, from the last answer on, so that nothing done in between is free.
That clock says nothing of a GPU's work. There a call costs the time from the sending of its request until the whole
answer has arrived, which holds what the GPU computed: copying it back waits for the work, whatever the run says of it.
Memory on a GPU is what the driver says the process holds, sampled while the call runs.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

from grader.verdict import CandidateFailure, NotMeasured, Verdict
from sandbox import gpu
from sandbox.errors import GpuUnavailable
from sandbox.run import Run

T = TypeVar("T")

#: The pause between two questions after a process's memory. PyTorch keeps what it freed, so the last one tells most.
SAMPLE_S: Final = 0.02

GONE: Final = "the process, or its first thread, ended before its memory was read"


class Meter(Protocol):
    """How cost and memory are read."""

    @property
    def cost(self) -> str:
        """What a call's cost is called in a sentence."""

    @property
    def between_calls(self) -> bool:
        """Whether what a run does between two calls counts for the second."""

    def now_ns(self, run: Run) -> int:
        """What the run's clock says."""

    def peak_kb(self, run: Run, act: Callable[[], T]) -> tuple[float, T]:
        """The most memory the run has held when `act` is done, and what that gave."""


@dataclass(frozen=True)
class CpuMeter:
    """CPU time and resident memory, as the kernel counts them."""

    cost: str = "CPU time"
    between_calls: bool = True

    def now_ns(self, run: Run) -> int:
        """CPU time of all its threads."""
        return run.cpu_ns()

    def peak_kb(self, run: Run, act: Callable[[], T]) -> tuple[float, T]:
        """Above what it had when it started.

        Raises:
            CandidateFailure: the run, or the thread by which the kernel tells its memory, ended after it had answered.
            NotMeasured: the kernel tells no peaks.
        """
        value = act()
        if not run.start.peak_kb:
            raise NotMeasured("the kernel does not tell the most memory a process had")
        peak_kb = run.usage().peak_kb
        if not peak_kb:
            raise CandidateFailure(Verdict.EXCEPTION, GONE)
        return float(peak_kb - run.start.resident_kb), value


@dataclass(frozen=True)
class GpuMeter:
    """Time on this side's clock, and the driver's word on memory."""

    uuid: str
    cost: str = "time on the GPU"
    between_calls: bool = False

    def now_ns(self, run: Run) -> int:
        """The same for every run."""
        return time.perf_counter_ns()

    def peak_kb(self, run: Run, act: Callable[[], T]) -> tuple[float, T]:
        """The largest sample.

        Raises:
            NotMeasured: the driver did not name the process once.
        """
        with _Sampler(self.uuid, run.pid) as sampler:
            value = act()
        most_mb = sampler.most_mb()
        if most_mb is None:
            raise NotMeasured("the driver does not say what memory the process holds")
        return most_mb * 1024.0, value


class _Sampler:
    """Asks the driver again and again, until it is left, which process holds how much of a device."""

    def __init__(self, uuid: str, pid: int) -> None:
        self._uuid, self._pid = uuid, pid
        self._found: list[float] = []
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> _Sampler:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join(gpu.ANSWER_S)

    def most_mb(self) -> float | None:
        """The largest sample, one taken just now included; None if the process was never named."""
        self._sample()
        return max(self._found, default=None)

    def _watch(self) -> None:
        with contextlib.suppress(GpuUnavailable):  # the sample taken at the end says so
            while not self._done.wait(SAMPLE_S):
                self._sample()

    def _sample(self) -> None:
        fields = "--query-compute-apps=pid,used_memory", "--format=csv,noheader,nounits"
        self._found += _samples(gpu.ask("-i", self._uuid, *fields), self._pid)


def _samples(said: str, pid: int) -> Iterator[float]:
    """What the lines `pid, megabytes` say of one process; the driver may have no number for it."""
    for line in said.splitlines():
        process, _, used = line.partition(",")
        with contextlib.suppress(ValueError):
            if int(process) == pid:
                yield float(used)


def meter_for(gpu_uuid: str) -> Meter:
    """The meter of a device; of the CPU without one."""
    return GpuMeter(gpu_uuid) if gpu_uuid else CpuMeter()
