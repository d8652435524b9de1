"""Budgets: the candidate's cost measured against the reference's, from outside both processes.

Theory of operation. Reference and candidate run in lanes of their own, pinned to one CPU for the length of a
measurement. Cost is read from outside by a `Meter`. On the CPU it is CPU time by the kernel's clock of the other
process when the whole answer to a call has arrived, less what that clock said at the answer before: there is no time
between measurements, so neither a patched timer, nor an answer computed late, nor a thread that works while nothing is
asked can hide; and the candidate is stopped while the reference runs, so that it cannot disturb it. What moving the
same arguments costs is taken off, as measured on the reference, because a candidate could inflate its own; the least
that was ever seen of it, for taking off too much would magnify every difference between the two. A race
alternates the two in random order with fresh inputs for every pair and judges the median ratio, so a busy neighbour
slows both alike. It ends early only when the answer is clear, goes on to 21 more pairs before it fails, and says
`not_measured` if it stays mixed. Every answer is compared with the reference's. Growth fits the exponent of cost
against size, and then looks whether a large input costs more than a slow style would take for it. Memory is the peak
of a fresh process above what it started with.

On a GPU the cost is the time from asking to the whole answer. Stopping a process does not stop what it has put on the
GPU, so after a race the candidate's process is ended and the reference timed once more: if it is clearly faster by
itself, these are the times that the candidate's are held against.
"""

from __future__ import annotations

import contextlib
import math
import os
import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import torch

from grader.meter import CpuMeter, Meter
from grader.schema import Budget as Limits
from grader.stand_in import Sitting, value_of
from grader.tamper import Tamper
from grader.testing import Probe, assert_close, probe_source
from grader.verdict import CandidateFailure, NotMeasured, Verdict
from sandbox.errors import SandboxError
from sandbox.limits import Outcome, TimedOut
from sandbox.run import Run

PAIRS: Final = 11
MORE_PAIRS: Final = 21
#: A race is won early if after so many pairs all ratios are under this share of the limit.
CLEARLY_UNDER: Final = {3: 0.5, 5: 0.8}
#: It is lost early if after so many pairs the ratios are so many times the limit: all but a share of strays, which
#: a busy moment of the reference may have excused.
HOPELESS: Final = {1: 20.0, 3: 4.0, 6: 2.0, PAIRS: 1.5}
STRAYS: Final = 0.1
#: Of all pairs, the share over the limit that makes a verdict of `too_slow` and not of noise.
CONVICTION: Final = 0.7
#: After so many measurements of every size an exponent under its limit is believed, before that only one that is under
#: it by so much, divided by their number. One over the limit is measured again, so many times, unless it is over it by
#: so much, divided by their number: the least counts, and noise only ever adds to it.
ENOUGH_ROUNDS: Final = 3
CLEARLY_BELOW: Final = 0.4
GROWTH_ROUNDS: Final = 18
CLEARLY_ABOVE: Final = 1.2
#: How many times the reference's cost the largest input may take where growth is judged, and how few are so few that
#: the reference is measured only once.
MOST_TIMES: Final = 25.0
FEW_TIMES: Final = 5.0
#: A reference this much slower beside the candidate than by itself was hindered by it.
HINDERED: Final = 1.25
ALONE: Final = 5
#: A call this long is measured once: its noise is small beside it.
LONG_NS: Final = 5e8
#: How far a timed answer may be from the reference's: rough, because exactness is tested elsewhere.
COMPARE_RTOL: Final = 1e-3

#: What a call cost, and what one with the same arguments that does nothing did, in nanoseconds.
Cost = tuple[float, float]

Target = str | Probe
Args = tuple[Any, ...]


@dataclass
class Side:
    """One of the two that are compared."""

    sitting: Sitting
    run: Run
    meter: Meter
    mark_ns: int = 0

    def restart(self) -> None:
        """Count from here."""
        self.mark_ns = self.meter.now_ns(self.run)

    def about_to_ask(self) -> None:
        """Count from here if what happens between two calls does not count."""
        if not self.meter.between_calls:
            self.restart()

    def lap(self) -> int:
        """The cost since the count began, or since the last lap, in nanoseconds."""
        before, self.mark_ns = self.mark_ns, self.meter.now_ns(self.run)
        return self.mark_ns - before


@dataclass
class BudgetFixture:
    """The `budget` fixture of a hidden test; its methods pass, or raise `too_slow` or `too_large`.

    Without a reference nothing is measured, and `unmeasured` says why.
    """

    candidate: Sitting
    reference: Sitting | None
    limits: Limits
    generator: torch.Generator
    cpu: int
    tamper: Tamper | None = None
    meter: Meter = field(default_factory=CpuMeter)
    unmeasured: str = "budgets were switched off"
    measured: dict[str, float] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)

    def time(self, target: Target, make: Callable[[], Args], **kwargs: Any) -> None:
        """Race the candidate against the reference; the median ratio must not exceed the part's `time` budget.

        Args:
            target: the name of a function, or a probe.
            make: fresh arguments for every pair; one call should cost the reference 5 to 20 ms.
            kwargs: passed with every call.
        """
        limit = self._limit("time")
        with self._race(target, make, kwargs) as race:
            ratios = race.ratios(limit)
            if not self.meter.between_calls:
                ratios = race.unhindered(ratios)
        self.measured |= {"ratio": statistics.median(ratios), "limit": limit, "pairs": float(len(ratios))}
        _judge_ratios(ratios, limit, self.meter.cost)

    def growth(
        self, target: Target, make: Callable[[int], Args], *, sizes: Sequence[int], far: int = 0, **kwargs: Any
    ) -> None:
        """Fit cost = c · size^exponent; the exponent must not exceed the part's `growth` budget.

        An answer could waste time on small sizes until its costs seem to grow slowly. So a large size may cost no more
        than so many times what it costs the reference, which slow styles stay far below and wasted time does not.

        Args:
            target: the name of a function, or a probe.
            make: fresh arguments of a given size.
            sizes: at least three, each about twice the one before; the smallest should cost some milliseconds.
            far: the large size; one at which a wrong complexity costs more than fifty times the right one. It is only
                tried where the exponent is right. Without it, the largest of `sizes`.
            kwargs: passed with every call.
        """
        limit = self._limit("growth")
        exponent = math.inf
        costs: dict[int, list[Cost]] = {size: [] for size in sizes}
        with self._race(target, lambda: make(sizes[0]), kwargs) as race:
            for rounds in range(1, GROWTH_ROUNDS + 1):
                race.grow(costs, make)
                exponent = _exponent(costs)
                if _is_believed(exponent, limit, rounds):
                    break
            self.measured |= {"exponent": exponent, "limit": limit}
            if exponent > limit:
                raise CandidateFailure(Verdict.TOO_SLOW, f"cost grows with exponent {exponent:.2f}, limit {limit:g}")
            times = race.times(lambda: make(far or sizes[-1]))
        self.measured |= {"times": times}
        if times > MOST_TIMES:
            said = f"a large input costs {times:.0f} x what it costs the reference, limit {MOST_TIMES:g}"
            raise CandidateFailure(Verdict.TOO_SLOW, said)

    def memory(self, target: Target, make: Callable[[], Args], **kwargs: Any) -> None:
        """Compare the peak memory of one call, each in a fresh process; the limit is the part's `memory` budget."""
        limit = self._limit("memory")
        args = make()
        with _trusted():
            base, _ = _peak_kb(self.meter, self._reference(), target, args, kwargs, null=True)
            theirs, want = _peak_kb(self.meter, self._reference(), target, args, kwargs)
        mine, got = _peak_kb(self.meter, self.candidate, target, args, kwargs)
        _assert_roughly(self.tamper(got, args) if self.tamper else got, want)
        mine, theirs = mine - base, theirs - base
        ratio = mine / max(1.0, theirs)
        self.measured |= {"ratio": ratio, "limit": limit, "peak_mb": mine / 1024}
        if ratio > limit:
            raise CandidateFailure(Verdict.TOO_LARGE, f"peak memory {ratio:.2f} x the reference, limit {limit:g}")

    def _limit(self, kind: str) -> float:
        self.used.add(kind)
        limit: float | None = getattr(self.limits, kind)
        if limit is None:
            raise LookupError(f"the test measures {kind}, but the part has no `{kind}` budget in task.toml")
        if self.reference is None:
            raise NotMeasured(self.unmeasured)
        return limit

    def _reference(self) -> Sitting:
        assert self.reference is not None
        return self.reference

    @contextlib.contextmanager
    def _race(self, target: Target, make: Callable[[], Args], kwargs: dict[str, Any]) -> Iterator[Race]:
        candidate = Side(self.candidate, self.candidate.run(), self.meter)
        with _trusted():
            sides = candidate, Side(self._reference(), self._reference().run(), self.meter)
        race = Race(sides, target, make, kwargs, self.generator, self.tamper)
        everywhere = os.sched_getaffinity(0)
        try:
            for side in sides:
                side.run.pin({self.cpu})
            race.warm_up()
            yield race
        finally:
            for side in sides:
                if side.run.alive:
                    side.run.pin(everywhere)


class Race:
    """Two runs that do the same work in turn."""

    def __init__(
        self,
        sides: tuple[Side, Side],
        target: Target,
        make: Callable[[], Args],
        kwargs: dict[str, Any],
        generator: torch.Generator,
        tamper: Tamper | None,
    ) -> None:
        self._candidate, self._reference = sides
        self._target, self._make, self._kwargs = target, make, kwargs
        self._generator, self._tamper = generator, tamper
        self._null_ns = math.inf
        self._costs: list[tuple[float, float]] = []

    def warm_up(self) -> None:
        """Call both once, then learn what moving the arguments costs."""
        args = self._make()
        with self._undisturbed():
            want = value_of(self._ask(self._reference, args))
        self._compare(value_of(self._ask(self._candidate, args)), want, args)
        self._learn_null(self._make())
        for side in (self._candidate, self._reference):
            side.restart()

    def ratios(self, limit: float) -> list[float]:
        """Cost ratios of as many pairs as it takes to be sure."""
        ratios: list[float] = []
        for count in range(1, PAIRS + MORE_PAIRS + 1):
            ratios.append(self._pair())
            if _is_settled(ratios, limit):
                break
            if count == PAIRS:  # the least counts, and a busy moment may be over
                self._learn_null(self._make())
        return ratios

    def unhindered(self, ratios: list[float]) -> list[float]:
        """The ratios, with the reference's times replaced if it is clearly faster once the candidate is gone."""
        self._candidate.run.close()
        self._candidate.sitting.lane.settle()
        alone = statistics.median(self._alone() for _ in range(ALONE))
        if statistics.median(theirs for _, theirs in self._costs) <= HINDERED * alone:
            return ratios
        return [mine / alone for mine, _ in self._costs]

    def _alone(self) -> float:
        """What the reference costs by itself."""
        args = self._make()
        with _trusted():
            self._reference.about_to_ask()
            return self._net(self._lap(self._reference, self._ask(self._reference, args))[0])

    def grow(self, costs: dict[int, list[Cost]], make: Callable[[int], Args]) -> None:
        """Add a cost of the candidate at every size, the sizes in turn; a long one is not repeated."""
        for size in costs:
            if costs[size] and costs[size][0][0] > LONG_NS:
                continue
            args = make(size)
            null = self._null(args)
            self._candidate.restart()
            cost, got = self._cost(self._candidate, args)
            costs[size].append((cost, null))
            self._compare(got, self._cost(self._reference, args)[1], args)

    def times(self, make: Callable[[], Args]) -> float:
        """The cost ratio for inputs of another size, tried once more where it is too high and did not take long.

        The reference's cost is the least of a few: a busy moment of it would excuse what the candidate wastes.
        """
        ratios = []
        for _ in range(2):
            args = make()
            null = self._null(args)
            self._candidate.restart()
            mine, got = self._cost(self._candidate, args)
            theirs, want = self._cost(self._reference, args)
            self._compare(got, want, args)
            if _net(mine, null) > FEW_TIMES * _net(theirs, null):
                theirs = min(theirs, *(self._cost(self._reference, args)[0] for _ in range(2)))
            ratios.append(_net(mine, null) / _net(theirs, null))
            if ratios[-1] <= MOST_TIMES or mine > LONG_NS:
                break
        return min(ratios)

    def _pair(self) -> float:
        args = self._make()
        order = [self._candidate, self._reference]
        if self._draw(2):
            order.reverse()
        answers = {id(side): self._cost(side, args) for side in order}
        (mine, got), (theirs, want) = answers[id(self._candidate)], answers[id(self._reference)]
        self._compare(got, want, args)
        self._costs.append((self._net(mine), self._net(theirs)))
        return self._net(mine) / self._net(theirs)

    def _ask(self, side: Side, args: Args) -> Outcome:
        return side.sitting.ask(side.run, self._target, args, self._kwargs)

    def _cost(self, side: Side, args: Args) -> tuple[float, Any]:
        """What one call costs in nanoseconds, and its value."""
        if side is self._reference:
            with self._undisturbed():
                side.about_to_ask()
                return self._lap(side, self._ask(side, args))
        side.about_to_ask()
        outcome = self._ask(side, args)
        if isinstance(outcome, TimedOut):
            raise CandidateFailure(Verdict.TOO_SLOW, f"still running after {outcome.wall_s:g} s")
        return self._lap(side, outcome)

    def _lap(self, side: Side, outcome: Outcome) -> tuple[float, Any]:
        value = value_of(outcome)
        return side.lap(), value

    @contextlib.contextmanager
    def _undisturbed(self) -> Iterator[None]:
        """The reference is at work: the candidate stands still, and what goes wrong is our fault."""
        with _trusted(), self._candidate.run.frozen():
            yield

    def _learn_null(self, args: Args) -> None:
        self._null_ns = min(self._null_ns, self._null(args))

    def _null(self, args: Args) -> float:
        """What a call with these arguments costs that does nothing."""
        costs, side = [], self._reference
        side.restart()
        for _ in range(3):
            with self._undisturbed():
                side.about_to_ask()
                cost, _ = self._lap(side, side.sitting.null(side.run, self._target, args, self._kwargs))
            costs.append(cost)
        return min(costs)

    def _net(self, cost: float) -> float:
        return _net(cost, self._null_ns)

    def _compare(self, got: Any, want: Any, args: Args) -> None:
        if self._tamper:
            got = self._tamper(got, args)
        _assert_roughly(got, want)

    def _draw(self, high: int) -> int:
        return int(torch.randint(high, (1,), generator=self._generator))


@contextlib.contextmanager
def _trusted() -> Iterator[None]:
    """The reference is at work: what goes wrong with it is our fault.

    Raises:
        SandboxError: the reference failed.
    """
    try:
        yield
    except CandidateFailure as failure:
        raise SandboxError(f"the reference failed: {failure}") from failure


def _is_settled(ratios: list[float], limit: float) -> bool:
    count = len(ratios)
    least = sorted(ratios)[int(STRAYS * count)]
    if any(count >= pairs and least > times * limit for pairs, times in HOPELESS.items()):
        return True
    if count == PAIRS:
        return statistics.median(ratios) <= limit
    return count < PAIRS and any(count >= n and max(ratios) <= share * limit for n, share in CLEARLY_UNDER.items())


def _judge_ratios(ratios: list[float], limit: float, cost: str) -> None:
    median = statistics.median(ratios)
    if median <= limit:
        return
    over = sum(ratio > limit for ratio in ratios) / len(ratios)
    if over < CONVICTION:
        raise NotMeasured(f"the ratio stayed around its limit {limit:g}: median {median:.2f}")
    raise CandidateFailure(Verdict.TOO_SLOW, f"{median:.2f} x the reference's {cost}, limit {limit:g}")


def _net(cost_ns: float, null_ns: float) -> float:
    return max(cost_ns - null_ns, 0.1 * cost_ns)


def _exponent(costs: dict[int, list[Cost]]) -> float:
    """The exponent by the least of what calls and null calls cost at each size: noise only ever adds to either."""
    xs = [math.log(size) for size in costs]
    ys = [math.log(_net(*(min(found) for found in zip(*pairs, strict=True)))) for pairs in costs.values()]
    return statistics.linear_regression(xs, ys).slope


def _is_believed(exponent: float, limit: float, rounds: int) -> bool:
    """Whether an exponent is far enough from its limit after so many measurements of every size."""
    if rounds < ENOUGH_ROUNDS:
        return exponent <= limit - CLEARLY_BELOW / rounds
    return exponent <= limit or exponent > limit + CLEARLY_ABOVE / rounds


def _peak_kb(
    meter: Meter, sitting: Sitting, target: Target, args: Args, kwargs: dict[str, Any], *, null: bool = False
) -> tuple[float, Any]:
    """Peak memory of one call in a fresh run, and its value; or of a null call in place of it."""
    run, ask = sitting.fresh(), sitting.null if null else sitting.ask

    def call() -> Any:
        return value_of(ask(run, target, args, kwargs))

    try:
        if isinstance(target, Probe):
            value_of(run.load(target.shipped_as, probe_source(target), shown=False))
        return meter.peak_kb(run, call)
    finally:
        run.close()


def _assert_roughly(got: Any, want: Any) -> None:
    """Compare a timed answer with the reference's, element by element of a container."""
    if isinstance(want, (list, tuple)) and isinstance(got, (list, tuple)) and len(got) == len(want):
        for a, b in zip(got, want, strict=True):
            _assert_roughly(a, b)
    elif isinstance(want, torch.Tensor) and want.is_floating_point():
        finite = want[want.isfinite()].abs()
        scale = finite.max().item() if finite.numel() else 0.0
        assert_close(got, want, dtype=want.dtype, rtol=COMPARE_RTOL, atol=COMPARE_RTOL * scale)
    else:
        assert_close(got, want, rtol=COMPARE_RTOL)
