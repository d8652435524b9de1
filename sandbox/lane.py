"""A lane as the trusted side holds it: one zygote, asked over its control socket to fork and finish runs."""

from __future__ import annotations

import contextlib
import select
import socket
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from sandbox import descriptors, wire
from sandbox.errors import IsolationRefused, LaneLost, WireError
from sandbox.limits import Ending, Limits
from sandbox.request import Setup
from sandbox.run import Run

ZYGOTE_ANSWER_S: Final = 60.0


@dataclass(frozen=True)
class Preparation:
    """What a zygote imports before it forks.

    Attributes:
        preload: modules to import.
        warm_up: code to execute once.
        rehearsal: code each run executes once it is isolated and before it says hello, so that a spare has paid for
            its first touches before it is needed.
        opening: code that follows it in a spare made ahead of a submission: what only the first run of one does.
        helpers: modules by name and source, there in every run beside what is loaded.
        optional: modules to import if they are installed; where they are not, code that names them loads all the same.
        processes: runs may start processes and speak to a GPU; for lanes that have one.
    """

    preload: tuple[str, ...] = ("numpy", "torch")
    optional: tuple[str, ...] = ()
    processes: bool = False
    warm_up: str = ""
    rehearsal: str = ""
    opening: str = ""
    helpers: Mapping[str, str] = field(default_factory=dict)


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
        request = asdict(replace(preparation, helpers={})) | {"helpers": dict(preparation.helpers)}
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

    def prefork(self, setup: Setup | None = None, *, first: bool = True) -> None:
        """Ask for a spare run ahead of its use; the zygote forks it while this side goes on.

        Args:
            setup: a call it makes before it says hello; without one, what both users before asked for, if anything.
            first: it is for a submission to come, and rehearses how one opens too.
        """
        self._fork(setup or self._usual, first=first)

    def _fork(self, setup: Setup | None, *, first: bool = False) -> _Spare:
        if self._spare is None:
            ours, theirs = socket.socketpair()
            ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
            request = {"limits": self._numbers(), "setup": _plain(setup), "first": first}
            with theirs:
                self._spare = _Spare(self._request("fork", request, theirs), ours, setup)
        return self._spare

    def limit(self, *, wall_s: float, memory_mb: int) -> None:
        """Bound the runs to come in this way, until the lane is given back."""
        if memory_mb > self.limits.memory_mb:  # a spare can still be bounded further, but not less
            self._abandon_spare()
        self.limits = replace(self.limits, wall_s=wall_s, memory_mb=memory_mb)

    @contextlib.contextmanager
    def limited(self, *, wall_s: float, memory_mb: int, answer_mb: int) -> Iterator[None]:
        """Bound the runs inside the block in this way."""
        usual = self.limits
        self.limit(wall_s=wall_s, memory_mb=memory_mb)
        self.limits = replace(self.limits, answer_mb=answer_mb)
        try:
            yield
        finally:
            self.limits = usual

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

    def await_finish(self, number: int) -> Ending:
        """How a run that is being finished ended."""
        reply = self._reply(self._finishing.pop(number))
        return Ending(int(reply["status"]), int(reply["peak_kb"]))

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
            "replies": list(self._replies.items()),
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
        lane._sequence, lane._replies = state["sequence"], dict(state["replies"])
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
