"""Tests of how a race's ratios and a growth's costs are judged; measuring itself is in test_exam.py and bench/."""

from __future__ import annotations

import contextlib
import statistics
from collections.abc import Iterator
from typing import Any, cast

import pytest
import torch

from grader.budget import MORE_PAIRS, PAIRS, BudgetFixture, Race, Side, _exponent, _is_settled, _judge_ratios
from grader.schema import Budget
from grader.stand_in import Sitting
from grader.verdict import CandidateFailure, NotMeasured, Verdict
from sandbox.limits import Returned
from sandbox.run import Run

ALL = PAIRS + MORE_PAIRS


def test_a_race_ends_early_only_where_every_ratio_is_clearly_under_the_limit() -> None:
    """Three ratios under half of it are enough, five under four fifths; one nearer is enough to go on."""
    assert _is_settled([1.0] * 3, 2.0)
    assert not _is_settled([1.0] * 2, 2.0)
    assert not _is_settled([1.0] * 3 + [1.1], 2.0)
    assert _is_settled([1.5] * 5, 2.0)
    assert not _is_settled([1.5] * 4, 2.0)
    assert not _is_settled([1.0] * 4 + [1.9], 2.0)


def test_eleven_pairs_settle_a_pass_by_their_median() -> None:
    """A few slow pairs are a neighbour's doing."""
    assert _is_settled([1.0] * 6 + [9.0] * 5, 2.0)


def test_eleven_pairs_settle_a_fail_only_where_all_but_one_are_far_over() -> None:
    """Otherwise 21 more are run before anything fails."""
    assert _is_settled([3.1] * 11, 2.0)
    assert _is_settled([3.1] * 10 + [2.2], 2.0)
    assert not _is_settled([3.1] * 9 + [2.2] * 2, 2.0)


def test_the_farther_over_the_limit_the_fewer_pairs_settle_a_fail() -> None:
    """One pair at twenty times the limit, three in a row at four times or six at twice are no neighbour's doing."""
    assert _is_settled([41.0], 2.0)
    assert not _is_settled([39.0] * 2, 2.0)
    assert _is_settled([8.1] * 3, 2.0)
    assert not _is_settled([39.0, 39.0, 7.9], 2.0)
    assert _is_settled([4.1] * 6, 2.0)
    assert not _is_settled([4.1] * 5 + [3.9], 2.0)


def test_a_median_under_the_limit_passes() -> None:
    """However the other ratios lie."""
    _judge_ratios([1.9] * 17 + [8.0] * 15, 2.0, "CPU time")


def test_ratios_over_the_limit_are_too_slow() -> None:
    """Most of them have to be."""
    with pytest.raises(CandidateFailure) as caught:
        _judge_ratios([2.2] * ALL, 2.0, "CPU time")
    assert caught.value.verdict is Verdict.TOO_SLOW


def test_ratios_that_stay_mixed_are_not_measured() -> None:
    """Noise is never held against the candidate."""
    with pytest.raises(NotMeasured):
        _judge_ratios([1.9] * 15 + [2.1] * 17, 2.0, "CPU time")


@pytest.mark.parametrize("power", [1.0, 2.0])
def test_the_exponent_of_a_power_law_is_its_power(power: float) -> None:
    """The least of repeated costs counts, less what moving the arguments costs."""
    costs = {n: [(n**power * 3 + 9, 9.0), (n**power * 7, 10.0)] for n in (256, 512, 1024, 2048)}
    assert _exponent(costs) == pytest.approx(power)


def test_a_disturbed_null_call_does_not_raise_the_exponent() -> None:
    """A busy moment while a null call of the smallest size is measured leaves the exponent as it was."""
    costs = {n: [(n * 3, n), (n * 3.1, n * 1.1)] for n in (256, 512, 1024, 2048)}
    quiet = _exponent(costs)
    costs[256].append((256 * 3, 256 * 2.9))
    assert _exponent(costs) == pytest.approx(quiet)


class ScriptedRace:
    """Costs that grow with one exponent the first time they are measured, with the next the second time, and so on."""

    def __init__(self, exponents: list[float], ratio: float) -> None:
        self.exponents, self.ratio, self.rounds = exponents, ratio, 0

    def grow(self, costs: dict[int, list[tuple[float, float]]], make: Any) -> None:
        """Measure once more."""
        for size in costs:
            costs[size] = [(size ** self.exponents[self.rounds], 0.0)]
        self.rounds += 1

    def times(self, make: Any) -> float:
        """What the large size costs beside the reference."""
        return self.ratio


@pytest.mark.parametrize(
    ("exponents", "ratio", "verdict"),
    [
        ([0.8], 2.0, None),
        ([1.2, 1.0], 2.0, None),
        ([1.2, 1.2, 1.3], 2.0, None),
        ([1.4, 1.35, 1.35, 1.35, 1.2], 2.0, None),
        ([3.0, 3.0, 1.2], 2.0, None),
        ([1.8] * 3, 2.0, Verdict.TOO_SLOW),
        ([1.55] * 5, 2.0, Verdict.TOO_SLOW),
        ([1.35] * 18, 2.0, Verdict.TOO_SLOW),
        ([0.8], 30.0, Verdict.TOO_SLOW),
    ],
)
def test_growth(monkeypatch: pytest.MonkeyPatch, exponents: list[float], ratio: float, verdict: Verdict | None) -> None:
    """The nearer an exponent is to its limit, the more often it is measured; and no large input costs far more."""
    race = ScriptedRace(exponents, ratio)
    monkeypatch.setattr(BudgetFixture, "_race", lambda *_: contextlib.nullcontext(race))
    nobody = cast("Sitting", object())
    budget = BudgetFixture(nobody, nobody, Budget(growth=1.3), torch.Generator(), 0)
    caught = None
    try:
        budget.growth("f", lambda size: (size,), sizes=[1, 2, 4, 8])
    except CandidateFailure as failure:
        caught = failure.verdict
    assert (caught, race.rounds) == (verdict, len(exponents))


class FakeGpu:
    """A device on which each run's calls take what the test says; the reference's more while the candidate lives."""

    cost = "time on the GPU"

    def __init__(self, between_calls: bool, candidate: float, reference: float, hindered: float) -> None:
        self.between_calls = between_calls
        self.takes = {"candidate": candidate, "reference": reference}
        self.hindered, self.now, self.living = hindered, 0.0, True

    def now_ns(self, run: Any) -> int:
        """One clock for all."""
        return int(self.now)

    def peak_kb(self, run: Any, act: Any) -> Any:
        """Not measured here."""
        raise NotImplementedError

    def work(self, who: str) -> None:
        """Time goes by."""
        self.now += self.takes[who] * (self.hindered if who == "reference" and self.living else 1.0)


class FakeSide:
    """A sitting, its lane and its run in one."""

    def __init__(self, name: str, gpu: FakeGpu) -> None:
        self.name, self.gpu, self.lane = name, gpu, self

    def ask(self, run: Any, target: Any, args: Any, kwargs: Any) -> Returned:
        """A call."""
        self.gpu.work(self.name)
        return Returned(args[0])

    def null(self, run: Any, target: Any, args: Any, kwargs: Any) -> Returned:
        """A call that does nothing takes a tenth of a millisecond."""
        self.gpu.now += 1e5
        return Returned(None)

    def run(self) -> FakeSide:
        """The living run."""
        return self

    @property
    def alive(self) -> bool:
        """Whether it is one."""
        return self.name == "reference" or self.gpu.living

    def pin(self, cpus: set[int]) -> None:
        """To one CPU, as on any device."""

    def close(self) -> None:
        """The run ends."""
        self.gpu.living = False

    def settle(self) -> None:
        """It has ended."""

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Stopped, its work on the GPU apart."""
        yield


def race_on(gpu: FakeGpu) -> Race:
    candidate, reference = (FakeSide(name, gpu) for name in ("candidate", "reference"))
    sides = tuple(Side(cast("Sitting", s), cast("Run", s), gpu) for s in (candidate, reference))
    generator = torch.Generator().manual_seed(3)

    def make() -> tuple[float]:
        gpu.now += 1e9  # takes long, between two calls
        return (1.0,)

    race = Race(cast("Any", sides), "f", make, {}, generator, None)
    race.warm_up()
    return race


def test_what_a_gpu_does_between_two_calls_is_nobodys() -> None:
    """Each side's calls are timed from their asking; what moving the arguments costs is taken off."""
    race = race_on(FakeGpu(False, candidate=3.1e6, reference=1.1e6, hindered=1.0))
    ratios = race.ratios(2.0)
    assert ratios == pytest.approx([3.0] * len(ratios))


def test_a_candidate_that_hinders_the_reference() -> None:
    """One whose work goes on beside the reference's is held against what the reference takes by itself."""
    race = race_on(FakeGpu(False, candidate=3.1e6, reference=1.1e6, hindered=3.0))
    ratios = race.ratios(2.0)
    assert statistics.median(ratios) < 1.0
    assert race.unhindered(ratios) == pytest.approx([3.0] * len(ratios))


def test_a_candidate_that_hinders_nobody() -> None:
    """The ratios stay as they are where the reference is no faster by itself."""
    race = race_on(FakeGpu(False, candidate=1.1e6, reference=1.1e6, hindered=1.1))
    ratios = race.ratios(2.0)
    assert race.unhindered(ratios) == ratios


@pytest.mark.parametrize(("between_calls", "verdict"), [(False, Verdict.TOO_SLOW), (True, None)])
def test_hindering_is_looked_for_on_a_gpu_only(between_calls: bool, verdict: Verdict | None) -> None:
    """On the CPU the candidate stands still while the reference runs, so there is nothing to look for."""
    gpu = FakeGpu(between_calls, candidate=3.1e6, reference=1.1e6, hindered=3.0)
    candidate, reference = (cast("Sitting", FakeSide(name, gpu)) for name in ("candidate", "reference"))
    generator = torch.Generator().manual_seed(3)
    budget = BudgetFixture(candidate, reference, Budget(time=2.0), generator, 0, meter=gpu)
    caught = None
    try:
        budget.time("f", lambda: (1.0,))
    except CandidateFailure as failure:
        caught = failure.verdict
    assert caught is verdict
