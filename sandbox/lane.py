"""A lane and its runs as the trusted side holds them: fork, load, call, read clock and memory from outside, finish.

A `Lane` speaks to one zygote over its control socket; a `Run` speaks to one forked child over a channel of its own.
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
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from sandbox import descriptors, processes, wire
from sandbox.errors import IsolationRefused, LaneLost, WireError
from sandbox.limits import (
    BrokeProtocol,
    Died,
    Limits,
    Outcome,
    OutOfMemory,
    Raised,
    Returned,
    TimedOut,
    Usage,
)

ZYGOTE_ANSWER_S: Final = 60.0
#: How often a waiting call looks whether the run has outgrown its memory, where no cgroup does it.
WATCH_S: Final = 0.1
#: What is kept of the words and lines in a reply; an honest one has fewer.
MOST_CHARACTERS: Final = 16 * 1024
MOST_TEXTS: Final = 100
MOST_LINES: Final = 50
MOST_OF_A_LINE: Final = 200
_CREDENTIALS = struct.Struct("iII")


@dataclass(frozen=True)
class Preparation:
    """What a zygote imports before it forks.

    Attributes:
        preload: modules to import.
        warm_up: code to execute once.
        rehearsal: code each run executes once it is isolated and before it says hello, so that a spare has paid for
            its first touches before it is needed.
        helpers: modules by name and source, there in every run beside what is loaded.
        optional: modules to import if they are installed; where they are not, code that names them loads all the same.
        processes: runs may start processes and speak to a GPU; for lanes that have one.
    """

    preload: tuple[str, ...] = ("numpy", "torch")
    optional: tuple[str, ...] = ()
    processes: bool = False
    warm_up: str = ""
    rehearsal: str = ""
    helpers: Mapping[str, str] = field(default_factory=dict)


class _Outgrown(Exception):
    """A run holds more memory than it may."""


@dataclass(frozen=True)
class Setup:
    """A call that a run can be asked to make before it says hello, so that a spare is ready for what is to come.

    Attributes:
        args: what JSON can hold, so no tuples in it.
    """

    module: str
    function: str
    args: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Request:
    """Something to ask of a run: a frame's head and payload."""

    head: dict[str, Any]
    payload: list[wire.Buffer] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Bytes of the payload."""
        return sum(memoryview(part).nbytes for part in self.payload)

    @classmethod
    def begin(cls, seed: int, memory_mb: int) -> Request:
        """Seed torch, numpy and random, and bound memory from here; before anything is loaded."""
        return cls({"op": "begin", "seed": seed, "memory_mb": memory_mb})

    @classmethod
    def load(cls, name: str, source: str | bytes, *, shown: bool = True) -> Request:
        """Execute `source` as module `name`; unless `shown`, tracebacks leave its lines out."""
        raw = source.encode() if isinstance(source, str) else source
        return cls({"op": "load", "name": name, "shown": shown}, [raw])

    @classmethod
    def call(
        cls,
        module: str,
        function: str,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
        *,
        beside: str = "",
        watch: bool = False,
        device: str = "",
    ) -> Request:
        """Call `module.function(*args, **kwargs)`.

        Args:
            beside: the name of a loaded module to pass as first argument.
            watch: report whether an argument was changed in place.
            device: where the run moves tensors before the call; the CPU without one.
        """
        head = {"op": "call", "module": module, "function": function, "beside": beside, "watch": watch}
        return cls(head | _on(device), wire.Encoder((args, kwargs or {})).parts())

    @classmethod
    def null(cls, *args: Any, device: str = "") -> Request:
        """Move `args` there and the first of them back: what a call costs that does nothing."""
        return cls({"op": "null"} | _on(device), wire.Encoder((args, {})).parts())


def _on(device: str) -> dict[str, str]:
    return {"device": device} if device else {}


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
        return self.ask(Request.null(*args))

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
        try:
            used = self._used()["cpu_ns"] if self.lane.distant else processes.cpu_ns(self.pid)
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
            deadline = time.monotonic() + self.lane.limits.wall_s
            self._wait(deadline)
            reply, value = wire.receive_frame(self._channel, self._answer_bytes, deadline)
            return _outcome(reply, value, self._answer_bytes)
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

    def _wait(self, deadline: float) -> None:
        """Wait for the first byte of the answer, with an eye on memory."""
        while not self._readable(min(WATCH_S, max(0.0, deadline - time.monotonic()))):
            if time.monotonic() >= deadline:
                raise TimeoutError
            used = self._used()
            held = used["resident_kb"] + used.get("tables_kb", 0)
            if held - self.start.resident_kb > self.lane.limits.memory_mb * 1024 * 1.25:
                raise _Outgrown("resident memory outgrew its limit")

    def _receive_hello(self) -> int:
        self._channel.settimeout(ZYGOTE_ANSWER_S)
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
        status = self.lane.await_finish(self.number)
        before, self.lane.oom_kills = self.lane.oom_kills, self.lane.count_oom_kills()
        if self.lane.oom_kills > before:
            return OutOfMemory("killed by the kernel")
        return Died(status)


@dataclass(frozen=True)
class _Spare:
    """A run that was asked for: the request's number, our end of its channel, and the call it was to make."""

    sequence: int
    channel: socket.socket
    setup: Setup | None


class Lane:
    """One warm sandbox, running one submission at a time.

    Attributes:
        distant: its processes cannot be seen, signalled or timed from here; the zygote does that.
    """

    def __init__(
        self,
        control: socket.socket,
        limits: Limits,
        backend: dict[str, Any],
        *,
        cgroup: dict[str, str] | None = None,
        distant: bool = False,
    ) -> None:
        self.limits, self.backend, self.distant = limits, backend, distant
        self.cgroup = cgroup or {}
        self.number = 0
        self._control = control
        self._control.settimeout(ZYGOTE_ANSWER_S)
        self._sequence = 0
        self._replies: dict[int, dict[str, Any]] = {}
        self._finishing: dict[int, int] = {}
        self._spare: _Spare | None = None
        self._last_setup: Setup | None = None
        self._usual: Setup | None = None
        self.oom_kills = self.count_oom_kills()

    def prepare(self, preparation: Preparation) -> dict[str, Any]:
        """Have the zygote import and warm up; done once, before anything else. What it found is said of the backend."""
        helpers = {name: source.encode() for name, source in preparation.helpers.items()}
        request = asdict(replace(preparation, helpers={})) | {"helpers": helpers}
        reply = self._reply(self._request("prepare", request))
        self.backend = self.backend | reply["found"]
        return reply

    def prove(self) -> None:
        """See a first run come up and go.

        Raises:
            LaneLost: it does not.
        """
        run = self.run()
        assert run.start
        run.close()
        self.settle()

    def prefork(self, setup: Setup | None = None) -> None:
        """Ask for a spare run ahead of its use; the zygote forks it while this side goes on.

        Args:
            setup: a call it makes before it says hello; without one, what both users before asked for, if anything.
        """
        self._fork(setup or self._usual)

    def _fork(self, setup: Setup | None) -> _Spare:
        if self._spare is None:
            ours, theirs = socket.socketpair()
            ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
            request = {"limits": self._numbers(), "setup": _plain(setup)}
            with theirs:
                self._spare = _Spare(self._request("fork", request, theirs), ours, setup)
        return self._spare

    def limit(self, *, wall_s: float, memory_mb: int) -> None:
        """Bound the runs to come in this way, until the lane is given back."""
        if memory_mb > self.limits.memory_mb:  # a spare can still be bounded further, but not less
            self._abandon_spare()
        self.limits = replace(self.limits, wall_s=wall_s, memory_mb=memory_mb)

    def run(self, setup: Setup | None = None) -> Run:
        """A fresh run: the spare if there is one that has made no call, or this one.

        Raises:
            LaneLost: the zygote does not answer.
        """
        self._last_setup = setup
        if self._spare and self._spare.setup not in (None, setup):
            self._abandon_spare()
        spare, self._spare = self._fork(setup), None
        return Run(self, self._reply(spare.sequence)["run"], spare.channel, spare.setup)

    def ask_zygote(self, operation: str, **body: Any) -> dict[str, Any]:
        """Ask the zygote about one of its runs and wait for what it says.

        Raises:
            LaneLost: it does not answer.
        """
        return self._reply(self._request(operation, body))

    @property
    def connected(self) -> bool:
        """Whether the zygote still holds its end of the control socket."""
        if self._control.fileno() < 0:
            return False
        poll = select.poll()
        poll.register(self._control, select.POLLIN)
        try:
            return not poll.poll(0) or bool(self._control.recv(1, socket.MSG_PEEK))
        except OSError:
            return False

    def finish(self, number: int) -> None:
        """Ask the zygote to kill and reap a run; `settle` waits for it."""
        self._finishing[number] = self._request("finish", {"run": number})

    def await_finish(self, number: int) -> int:
        """The exit status of a run that is being finished; negative for a signal."""
        return int(self._reply(self._finishing.pop(number))["status"])

    def settle(self) -> None:
        """Wait until no run of this lane is left, the spare apart."""
        for number in list(self._finishing):
            self.await_finish(number)
        self.oom_kills = self.count_oom_kills()

    def count_oom_kills(self) -> int:
        """How often the kernel killed something in this lane for memory."""
        events = self.cgroup.get("events")
        if not events:
            return 0
        with contextlib.suppress(OSError, ValueError):
            words = dict(line.split() for line in Path(events).read_text().splitlines())
            return int(words.get("oom_kill", 0))
        return 0

    def hand_over(self) -> tuple[dict[str, Any], list[int]]:
        """What another process needs to drive this lane: a description, and descriptors to send with it."""
        state = {
            "limits": asdict(self.limits),
            "backend": self.backend,
            "cgroup": self.cgroup,
            "distant": self.distant,
            "sequence": self._sequence,
            "spare": [self._spare.sequence, _plain(self._spare.setup)] if self._spare else None,
        }
        passed = [self._control.fileno()]
        if self._spare:
            passed.append(self._spare.channel.fileno())
        return state, passed

    @classmethod
    def take_over(cls, state: dict[str, Any], passed: list[int]) -> Lane:
        """The lane described by `hand_over`, in the process that received the descriptors."""
        control = socket.socket(fileno=passed[0])
        options = {"cgroup": state["cgroup"], "distant": state["distant"]}
        lane = cls(control, Limits(**state["limits"]), state["backend"], **options)
        lane._sequence = state["sequence"]
        if state["spare"] is not None:
            sequence, setup = state["spare"]
            lane._spare = _Spare(sequence, socket.socket(fileno=passed[1]), _setup(setup))
        return lane

    def give_back(self) -> dict[str, Any]:
        """Leave the lane to the process it was taken from; what that one has to know for `taken_back`.

        Its last run may still be dying. Whoever uses the lane next waits for that; the report does not.
        """
        self._abandon_spare()
        finishing = [pair for pair in self._finishing.items() if pair[1] not in self._replies]
        self.disconnect()
        return {"sequence": self._sequence, "finishing": finishing, "setup": _plain(self._last_setup)}

    def taken_back(self, state: dict[str, Any]) -> None:
        """Go on after another process drove this lane and gave it back."""
        self._sequence, self._finishing = state["sequence"], dict(state["finishing"])
        before, self._last_setup = self._last_setup, _setup(state["setup"])
        self._usual = self._last_setup if self._last_setup == before else None
        if self._spare:
            self._spare.channel.close()
        self._spare = None
        self._replies.clear()

    def leave(self) -> None:
        """Make sure that no run and no spare is left, before the lane is given back."""
        self._abandon_spare()
        self.settle()

    def _abandon_spare(self) -> None:
        if self._spare is not None:
            spare, self._spare = self._spare, None
            spare.channel.close()
            self.finish(self._reply(spare.sequence)["run"])

    def _numbers(self) -> dict[str, int]:
        """The limits a run is told; the wall is watched from outside."""
        return {name: value for name, value in asdict(self.limits).items() if name != "wall_s"}

    @property
    def sequence(self) -> int:
        """The number of the last request."""
        return self._sequence

    def hang_up(self) -> None:
        """End the zygote, whoever else holds its control socket."""
        with contextlib.suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)
        self.disconnect()

    def disconnect(self) -> None:
        """Close this side's descriptors; the zygote ends when no process holds its control socket."""
        if self._spare:
            self._spare.channel.close()
        self._control.close()

    def _request(self, operation: str, body: dict[str, Any], passed: socket.socket | None = None) -> int:
        self._sequence += 1
        message = {"op": operation, "seq": self._sequence, **body}
        try:
            descriptors.send(self._control, message, [passed.fileno()] if passed else [])
        except ConnectionError:
            self._reply(self._sequence)  # raises: with why it went, if it could say so
        except OSError as error:
            raise LaneLost(f"the zygote is gone: {error}") from error
        return self._sequence

    def _reply(self, sequence: int) -> dict[str, Any]:
        while sequence not in self._replies:
            try:
                reply, _ = wire.receive_frame(self._control, 0)
            except (OSError, EOFError, WireError) as error:
                raise LaneLost(f"the zygote does not answer: {error!r}") from error
            if "failed" in reply:
                kind = IsolationRefused if reply["refused"] else LaneLost
                raise kind(f"the zygote failed: {reply['failed']}")
            self._replies[reply["seq"]] = reply
        return self._replies.pop(sequence)


def _plain(setup: Setup | None) -> list[Any] | None:
    """A setup as it crosses between processes."""
    return [setup.module, setup.function, setup.args] if setup else None


def _setup(plain: list[Any] | None) -> Setup | None:
    return Setup(plain[0], plain[1], tuple(plain[2])) if plain else None


def _outcome(reply: dict[str, Any], payload: memoryview, limit: int) -> Outcome:
    """Build the outcome an untrusted reply claims, checking the type of every field."""
    try:
        printed, notes = _text(reply["printed"]), _texts(reply["notes"])
        if reply["outcome"] == "returned":
            value = wire.decode(payload, limit=limit) if len(payload) else None
            return Returned(value, reply.get("mutated") is True, printed, notes)
        if reply["outcome"] == "memory":
            return OutOfMemory(_text(reply["message"]), notes)
        claimed = reply["lines"][-MOST_LINES:]
        lines = tuple((_line_number(number), _text(text)[:MOST_OF_A_LINE]) for number, text in claimed)
        return Raised(_texts(reply["types"]) or ("?",), _text(reply["message"]), lines, printed, notes)
    except (KeyError, TypeError, ValueError) as error:
        raise WireError(f"a reply with a field missing or of the wrong type: {error!r}") from error


def _text(claimed: Any) -> str:
    """A string fit for every encoding: half characters become question marks."""
    if not isinstance(claimed, str):
        raise TypeError("not a string")
    return claimed[:MOST_CHARACTERS].encode("utf-8", "replace").decode("utf-8")


def _texts(claimed: Any) -> tuple[str, ...]:
    return tuple(_text(text) for text in claimed[:MOST_TEXTS])


def _line_number(claimed: Any) -> int:
    if type(claimed) is not int or not 0 <= claimed < 1 << 31:
        raise TypeError("not a line number")
    return claimed
