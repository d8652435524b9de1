"""What a run may use, what it did use, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Limits:
    """The bounds of one run; a run is one forked child of a lane's zygote.

    Attributes:
        wall_s: real time one call may take before the run is killed, not counting what it waits for a CPU.
        memory_mb: private memory the run may add to what the zygote had.
        scratch_mb: bytes in /tmp, the only writable place: few, for they are memory that no budget for memory counts.
        inodes: files and folders in /tmp.
        threads: tasks the run's user may have; new processes are refused altogether.
        open_files: file descriptors.
        answer_mb: the largest value a call may return.
    """

    wall_s: float = 10.0
    memory_mb: int = 1024
    scratch_mb: int = 8
    inodes: int = 1024
    threads: int = 64
    open_files: int = 256
    answer_mb: int = 128

    def __post_init__(self) -> None:
        """Refuse what is no bound: to the kernel a size of 0 often means any size.

        Raises:
            ValueError: a limit is not positive.
        """
        wrong = [name for name, value in vars(self).items() if not value > 0]
        if wrong:
            raise ValueError(f"limits must be positive: {', '.join(wrong)}")


@dataclass(frozen=True)
class Usage:
    """What a run has used so far, read from outside of it.

    Attributes:
        cpu_ns: CPU time of all its threads.
        resident_kb, peak_kb: resident memory now and at its highest, including what it shares with the zygote.
    """

    cpu_ns: int
    resident_kb: int
    peak_kb: int


@dataclass(frozen=True)
class Returned:
    """The call came back with a value.

    Attributes:
        value: decoded plain value.
        mutated: an argument was changed in place.
        printed: what the run wrote to stdout and stderr during the call, capped.
        notes: what helpers inside the lane noted during the call.
    """

    value: Any
    mutated: bool = False
    printed: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Raised:
    """The call raised.

    Attributes:
        types: class names of the exception and its bases, the most derived first.
        message: its text, capped.
        lines: (line number, source line) of the loaded modules in the traceback, outermost first.
    """

    types: tuple[str, ...]
    message: str
    lines: tuple[tuple[int, str], ...] = ()
    printed: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class TimedOut:
    """The call was still running after `wall_s` seconds, as `Limits` counts them; the run was killed."""

    wall_s: float


@dataclass(frozen=True)
class OutOfMemory:
    """The run asked for more memory than it may have."""

    detail: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Died:
    """The run's process ended by itself: exit status, or the negative number of a signal."""

    status: int


@dataclass(frozen=True)
class BrokeProtocol:
    """The run sent bytes that are not an answer; it was killed."""

    why: str


@dataclass(frozen=True)
class Ending:
    """How a run's process ended.

    Attributes:
        status: exit status, or the negative number of a signal.
        peak_kb: most resident memory it ever had.
    """

    status: int
    peak_kb: int


Outcome = Returned | Raised | TimedOut | OutOfMemory | Died | BrokeProtocol
