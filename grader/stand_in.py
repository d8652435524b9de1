"""`candidate` as hidden tests see it: calls go to the sandbox, and an outcome that is no value becomes a verdict."""

from __future__ import annotations

import contextlib
import functools
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from grader import rules
from grader.conform import conforms
from grader.tamper import Tamper
from grader.testing import Probe, brief, probe_source
from grader.verdict import CandidateFailure, CandidateRaised, Verdict
from grader.views import ADDRESS
from sandbox.lane import Lane
from sandbox.limits import BrokeProtocol, Died, Outcome, OutOfMemory, Raised, Returned, TimedOut
from sandbox.request import Request, Setup
from sandbox.run import Run

SOLUTION: Final = "solution"
#: A part whose code ran into the wall this often is not tried again: the rest of its checks time out at once.
PATIENCE: Final = 2
#: How many walls all calls of a part may take together: more, and it is code that stays just below the wall every time.
MOST_WALLS: Final = 6


@dataclass(frozen=True)
class Answer:
    """One file of code to be driven, and what is forbidden in it.

    Attributes:
        returns: the annotated return type of each entry, by name.
        entries: every entry of the task, for the rule findings.
    """

    source: bytes
    seed: int
    entries: tuple[str, ...] = ()
    forbid: tuple[str, ...] = ()
    operators: tuple[str, ...] = ()
    returns: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def setup(self) -> Setup | None:
        """What a run does before this is loaded: lay the traps for what is forbidden."""
        return Setup(rules.HELPER, "arm", (list(self.forbid), list(self.operators))) if self.forbid else None


class Sitting:
    """One answer in one lane for the length of a part: the run, how it fares, and what the rules found.

    A run that ended is replaced before the next call; an answer that cannot even be loaded is not loaded again.
    `start` has the lane look for forbidden names and load while the examiner is busy with something else. With a
    `device`, the lane moves the tensors of every call there.
    """

    def __init__(self, lane: Lane, answer: Answer, device: str = "") -> None:
        self.lane, self.answer, self.device = lane, answer, device
        self.findings: dict[str, list[tuple[int, str]]] | None = None
        self.cpu_ns = 0
        self.peak_kb = 0
        self._run: Run | None = None
        self._starting: Run | None = None
        self._shipped: set[tuple[int, str]] = set()
        self._searches: dict[int, int] = {}
        self._unloadable: CandidateFailure | None = None
        self._timeouts = 0
        self._waited = 0.0

    @property
    def unloadable(self) -> str:
        """Why the answer cannot be loaded, in a sentence for its author; "" if it can."""
        failure = self._unloadable
        if failure is None or failure.verdict is Verdict.FORBIDDEN:
            return ""
        line = failure.lines[-1][0] if isinstance(failure, CandidateRaised) and failure.lines else 0
        said = ADDRESS.sub("0x…", failure.detail.removesuffix(f" ({SOLUTION}.py, line {line})"))
        if failure.verdict is not Verdict.EXCEPTION:  # time and memory differ each time; a note may not
            said = str(failure.verdict)
        return "the code cannot be loaded: " + (f"line {line}: " if line else "") + said

    def run(self) -> Run:
        """A living run with the answer loaded.

        Raises:
            CandidateFailure: the answer cannot be loaded, or timed out too often.
        """
        if self._unloadable:
            raise self._unloadable.with_traceback(None)
        if self._timeouts >= PATIENCE:
            raise CandidateFailure(Verdict.TIMEOUT, "not run: the code had timed out before")
        if self._run is None or not self._run.alive:
            starting, self._starting = self._starting or self._begun(), None
            self._run = self._loaded(starting)
        return self._run

    def start(self) -> None:
        """Have a run begin to load the answer, without waiting for it, unless one is there."""
        if self._starting is None and (self._run is None or not self._run.alive):
            self._starting = self._begun()

    def fresh(self) -> Run:
        """A new run with the answer loaded, apart from the one calls go to."""
        return self._loaded(self._begun())

    def _begun(self) -> Run:
        """A new run that has been asked for everything that comes before the first call."""
        answer = self.answer
        run = self.lane.run(answer.setup)
        requests = [Request.begin(answer.seed, self.lane.limits.memory_mb)]
        if answer.forbid and self.findings is None:
            self._searches[run.number] = len(requests)
            looked_for = answer.source, list(answer.forbid), list(answer.entries)
            requests.append(Request.call(rules.HELPER, "findings", looked_for))
        if run.setup != answer.setup and answer.setup:
            requests.append(Request.call(answer.setup.module, answer.setup.function, answer.setup.args))
        run.ask_ahead([*requests, Request.load(SOLUTION, answer.source)])
        return run

    def _loaded(self, run: Run) -> Run:
        """The run, once it has done all of that.

        What was found in the source is believed because it was answered before candidate code was there: whatever else
        comes may be forged.
        """
        search = self._searches.pop(run.number, None)
        try:
            with self._patiently():
                for position, outcome in enumerate(run.answers()):
                    value = value_of(outcome)
                    if position == search:
                        self.findings = value
        except CandidateFailure as failure:
            run.close()
            self._unloadable = failure
            raise
        return run

    def call(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call the answer's function `name`."""
        return self._finish(self.ask(self.run(), name, args, kwargs))

    def ask(self, run: Run, target: str | Probe, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Outcome:
        """Call a function or a probe in `run`, and look for changed inputs.

        It is looked for in every call, measured or not: what is looked for in some only, a candidate tells apart.

        Raises:
            CandidateFailure: all calls together have taken too long.
        """
        with self._patiently():
            if isinstance(target, str):
                return run.ask(Request.call(SOLUTION, target, args, kwargs, watch=True, device=self.device))
            named, watch = (target.shipped_as, target.name, args, kwargs), not target.mutates
            call = Request.call(*named, beside=SOLUTION, watch=watch, device=self.device)
            run.ask_ahead([*self._shipment(run, target), call])
            *shipped, outcome = run.answers()
        for loaded in shipped:
            value_of(loaded)
        return outcome

    def null(self, run: Run, target: str | Probe, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Outcome:
        """Have the run do with these arguments what `ask` does, but not call the target."""
        watch = isinstance(target, str) or not target.mutates
        return run.ask(Request.null(args, kwargs, watch=watch, device=self.device))

    def run_probe(self, probe: Probe, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run a probe beside the answer."""
        return self._finish(self.ask(self.run(), probe, args, kwargs))

    def close(self) -> None:
        """End the run and keep what it had used."""
        if self._starting is not None:
            self._starting.close()
        if self._run is not None and self._run.alive:
            usage = self._run.usage()
            self.cpu_ns += usage.cpu_ns - self._run.start.cpu_ns
            self.peak_kb = max(self.peak_kb, usage.peak_kb - self._run.start.resident_kb)
            self._run.close()
        self._run = None

    def _shipment(self, run: Run, probe: Probe) -> list[Request]:
        """What has to be loaded before a probe can be called."""
        if (run.number, probe.name) in self._shipped:
            return []
        self._shipped.add((run.number, probe.name))
        return [Request.load(probe.shipped_as, probe_source(probe), shown=False)]

    @contextlib.contextmanager
    def _patiently(self) -> Iterator[None]:
        """Count the time something takes.

        Raises:
            CandidateFailure: all that was done before took too long.
        """
        if self._waited > MOST_WALLS * self.lane.limits.wall_s:
            raise CandidateFailure(Verdict.TIMEOUT, f"not run: the code had taken {self._waited:.0f} s before")
        started = time.monotonic()
        try:
            yield
        finally:
            self._waited += time.monotonic() - started

    def _finish(self, outcome: Outcome) -> Any:
        if isinstance(outcome, TimedOut):
            self._timeouts += 1
        return value_of(outcome)


def value_of(outcome: Outcome) -> Any:
    """The value a call returned.

    Raises:
        CandidateFailure: it did not return one, or not by allowed means.
    """
    found = rules.noted(getattr(outcome, "notes", ()))
    if found:
        raise CandidateFailure(Verdict.FORBIDDEN, "; ".join(found))
    if isinstance(outcome, Returned):
        if outcome.mutated:
            raise CandidateFailure(Verdict.MUTATED_INPUT, "an argument was changed in place")
        return outcome.value
    raise failure_of(outcome)


def failure_of(outcome: Outcome) -> CandidateFailure:
    """The verdict of an outcome that is no value."""
    match outcome:
        case Raised(types, message, lines):
            return CandidateRaised(types, message, lines)
        case TimedOut(wall_s):
            return CandidateFailure(Verdict.TIMEOUT, f"still running after {wall_s:g} s")
        case OutOfMemory(detail):
            return CandidateFailure(Verdict.MEMORY, f"more memory than allowed: {detail}".strip(": "))
        case Died(status):
            how = f"signal {-status}" if status < 0 else f"exit status {status}"
            return CandidateFailure(Verdict.EXCEPTION, f"the process ended by itself: {how}")
        case BrokeProtocol(why):
            return CandidateFailure(Verdict.EXCEPTION, f"something other than an answer was sent: {why}")
    raise TypeError(f"no verdict for {outcome!r}")


class Candidate:
    """The stand-in itself: `candidate.f(...)` runs in the sandbox.

    Attributes of this class start with an underscore or are `run_probe`, so that no answer's function is hidden.
    """

    def __init__(self, sitting: Sitting, tamper: Tamper | None = None) -> None:
        self._sitting, self._tamper = sitting, tamper
        self._answered = False

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_"):
            raise AttributeError(name)
        return functools.partial(self._call, name)

    def _call(self, name: str, /, *args: Any, **kwargs: Any) -> Any:
        value = self._sitting.call(name, args, kwargs)
        return self._receive(name, self._sitting.answer.returns.get(name), value, (*args, *kwargs.values()))

    def run_probe(self, probe: Probe, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run a probe beside the candidate's module; see `grader.testing.probe`."""
        value = self._sitting.run_probe(probe, args, kwargs)
        return self._receive(probe.name, probe.returns, value, (*args, *kwargs.values()))

    def _receive(self, name: str, annotation: str | None, value: Any, args: tuple[Any, ...]) -> Any:
        self._answered = True
        if not conforms(value, annotation):
            raise CandidateFailure(Verdict.WRONG_DTYPE, f"{name} returned {brief(value)}, not {annotation}")
        return self._tamper(value, args) if self._tamper else value
