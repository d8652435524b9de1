"""A run as the trusted side holds it: one forked child in which candidate code lives, its channel, clock and memory.

How a child ended is an `Outcome`, a value. What goes wrong with the lane itself is `LaneLost`.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import struct
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from sandbox import processes, wire
from sandbox.errors import LaneLost, WireError
from sandbox.limits import BrokeProtocol, Died, Outcome, OutOfMemory, TimedOut, Usage
from sandbox.request import Request, Setup, outcome

if TYPE_CHECKING:
    from sandbox.lane import Lane

#: Longest wait for a run to say hello.
HELLO_S: Final = 60.0
#: How often a waiting call looks whether the run has outgrown its memory, where no cgroup does it.
WATCH_S: Final = 0.1
#: How many walls a call may take at most where others keep it from the CPU.
MOST_WALLS: Final = 4
#: The part of its limit from which on a run counts as full: not all it maps is touched, and only that shows here.
FULL: Final = 0.85
_CREDENTIALS = struct.Struct("iII")


class _Outgrown(Exception):
    """A run holds more memory than it may."""


class Run:
    """One forked child of a lane; candidate code lives and dies in it.

    Attributes:
        setup: the call it has made already.
    """

    def __init__(self, lane: Lane, number: int, channel: socket.socket, setup: Setup | None = None) -> None:
        self.lane, self.number, self.alive = lane, number, True
        self.setup = setup
        self._owed = 0
        self._broken: Exception | None = None
        self._channel = channel
        self._poll = select.poll()  # select() cannot do descriptors over 1023
        self._poll.register(channel, select.POLLIN)
        self._pid = 0
        self._start: Usage | None = None

    @property
    def pid(self) -> int:
        """The child's process id as this side sees it, 0 if it does not; waits for the child to say hello."""
        self._await_hello()
        return self._pid

    @property
    def start(self) -> Usage:
        """What the child had used before anything was asked of it."""
        self._await_hello()
        assert self._start is not None
        return self._start

    def fileno(self) -> int:
        """The channel's descriptor."""
        return self._channel.fileno()

    def ask(self, request: Request) -> Outcome:
        """Put one request to the child and wait for what comes of it.

        Raises:
            LaneLost: the lane failed, not the child.
        """
        assert not self._owed, "answers are owed to requests put before"
        self.ask_ahead([request])
        (outcome,) = self.answers()
        return outcome

    def ask_ahead(self, requests: Sequence[Request]) -> None:
        """Put requests to the child without waiting; `answers` gives what comes of them."""
        assert self.alive, "this run is over"
        if any(request.size > self._answer_bytes for request in requests):
            raise ValueError(f"arguments of more than the {self._answer_bytes} bytes that may cross")
        try:
            self._send(requests)
        except (TimeoutError, WireError, EOFError, ConnectionError) as error:
            self._broken = error
        except (MemoryError, OSError) as error:
            raise LaneLost(f"this side cannot go on: {error!r}") from error
        self._owed += len(requests)

    def answers(self) -> list[Outcome]:
        """What came of the requests put so far, in their order; the last is why the run ended, if it did.

        Raises:
            LaneLost: the lane failed, not the child.
        """
        outcomes = []
        while self._owed and self.alive:
            self._owed -= 1
            outcomes.append(self._answer())
        return outcomes

    def load(self, name: str, source: str | bytes, *, shown: bool = True) -> Outcome:
        """Ask `Request.load`."""
        return self.ask(Request.load(name, source, shown=shown))

    def begin(self, seed: int) -> Outcome:
        """Ask `Request.begin` with the lane's present memory limit."""
        return self.ask(Request.begin(seed, self.lane.limits.memory_mb))

    def null(self, *args: Any) -> Outcome:
        """Ask `Request.null`."""
        return self.ask(Request.null(args))

    def call(
        self,
        module: str,
        function: str,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
        *,
        beside: str = "",
        watch: bool = False,
    ) -> Outcome:
        """Ask `Request.call`."""
        return self.ask(Request.call(module, function, args, kwargs, beside=beside, watch=watch))

    def usage(self) -> Usage:
        """CPU time and memory of the child, read from outside of it."""
        self._await_hello()
        return self._usage()

    def cpu_ns(self) -> int:
        """CPU time of all the child's threads so far, in nanoseconds.

        Raises:
            LaneLost: the child is gone, with its clock.
        """
        self._await_hello()  # the clock of a child that has not run yet reads as if it were gone
        try:
            used = self._used()["cpu_ns"] if self.lane.distant else processes.cpu_ns(self._pid)
        except OSError as error:
            raise LaneLost(f"a run's clock cannot be read: {error}") from error
        if not used:
            raise LaneLost("a run's clock cannot be read: it is gone")
        return used

    def pin(self, cpus: set[int]) -> None:
        """Let the child run on these CPUs only."""
        if self.lane.distant:
            self.lane.ask_zygote("pin", run=self.number, cpus=sorted(cpus))
        else:
            processes.pin(self.pid, cpus)

    def _usage(self) -> Usage:
        used = self._used()
        return Usage(used["cpu_ns"], used["resident_kb"], used["peak_kb"])

    def _used(self) -> dict[str, int]:
        if self.lane.distant:
            return self.lane.ask_zygote("usage", run=self.number)
        return processes.usage(self._pid)

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Stop the child while something else is measured, so that none of its threads can disturb that."""
        self._signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        if self.lane.distant:
            self.lane.ask_zygote("signal", run=self.number, number=int(number))
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def close(self) -> None:
        """Kill the child with everything in its namespace; the zygote reaps it while this side goes on."""
        if self.alive:
            self.alive = False
            self._channel.close()
            self.lane.finish(self.number)

    @property
    def _answer_bytes(self) -> int:
        return self.lane.limits.answer_mb << 20

    def _send(self, requests: Sequence[Request]) -> None:
        self._await_hello()
        if not self._owed and self._readable(0):
            self._raise_if_closed()
            raise WireError("bytes came that nobody asked for")
        deadline = time.monotonic() + self.lane.limits.wall_s
        for request in requests:
            wire.send_frame(self._channel, request.head, request.payload, deadline)

    def _answer(self) -> Outcome:
        """The outcome of the oldest request that has none yet."""
        try:
            if self._broken:
                raise self._broken
            deadline = self._wait(time.monotonic())
            reply, value = wire.receive_frame(self._channel, self._answer_bytes, deadline)
            return outcome(reply, value, self._answer_bytes)
        except TimeoutError:
            return self._end(TimedOut(self.lane.limits.wall_s))
        except _Outgrown as error:
            return self._end(OutOfMemory(str(error)))
        except WireError as error:
            return self._end(BrokeProtocol(str(error)))
        except (EOFError, ConnectionError):
            return self._post_mortem()
        except (MemoryError, OSError) as error:
            raise LaneLost(f"this side cannot go on: {error!r}") from error

    def _readable(self, seconds: float) -> bool:
        return bool(self._poll.poll(seconds * 1000))

    def _raise_if_closed(self) -> None:
        if not self._channel.recv(1, socket.MSG_PEEK):
            raise EOFError

    def _wait(self, asked_at: float) -> float:
        """Wait for the first byte of the answer, with an eye on memory; the time by which all of it has to be here.

        What a run waits for a CPU that others have is put on top: a busy neighbour makes no answer time out.
        """
        wall_s, starved_before = self.lane.limits.wall_s, -1
        deadline = asked_at + wall_s
        while not self._readable(min(WATCH_S, max(0.0, deadline - time.monotonic()))):
            used = self._used()
            starved_before = used["starved_ns"] if starved_before < 0 else starved_before
            starved_s = (used["starved_ns"] - starved_before) / 1e9
            deadline = asked_at + min(wall_s + starved_s, MOST_WALLS * wall_s)
            if time.monotonic() >= deadline:
                raise TimeoutError
            held = used["resident_kb"] + used.get("tables_kb", 0)
            if held - self.start.resident_kb > self.lane.limits.memory_mb * 1024 * 1.25:
                raise _Outgrown("resident memory outgrew its limit")
        return deadline

    def _receive_hello(self) -> int:
        self._channel.settimeout(HELLO_S)
        try:
            _, ancillary, _, _ = self._channel.recvmsg(1, socket.CMSG_SPACE(_CREDENTIALS.size), socket.MSG_PEEK)
            head, _ = wire.receive_frame(self._channel, 0)
        except (OSError, EOFError, WireError) as error:
            raise LaneLost(f"a run did not come up: {error}") from error
        if head.get("op") != "hello" or not ancillary:
            raise LaneLost(f"a run did not come up: {head.get('why', 'it did not say hello')}")
        return int(_CREDENTIALS.unpack(ancillary[0][2])[0])

    def _await_hello(self) -> None:
        if self._start is None:
            self._pid = self._receive_hello()
            self._start = self._usage()

    def _end(self, outcome: Outcome) -> Outcome:
        self.close()
        return outcome

    def _post_mortem(self) -> Outcome:
        """The channel closed: ask the zygote how the child ended."""
        self.close()
        ending = self.lane.await_finish(self.number)
        before, self.lane.oom_kills = self.lane.oom_kills, self.lane.count_oom_kills()
        if self.lane.oom_kills > before:
            return OutOfMemory("killed by the kernel")
        if ending.status < 0 and self._was_full(ending.peak_kb):
            return OutOfMemory("died with its memory full")
        return Died(ending.status)

    def _was_full(self, peak_kb: int) -> bool:
        """Whether a run came so near its limit that a library may have ended it, as C++ does where it cannot throw."""
        return peak_kb - self.start.resident_kb >= FULL * self.lane.limits.memory_mb * 1024
