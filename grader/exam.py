"""One submission's examination: which part is being judged, with which run, and what each check came to."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from hashlib import blake2b
from typing import Any

import torch

from grader import rules
from grader.budget import BudgetFixture
from grader.meter import meter_for
from grader.report import Check
from grader.source import entry_returns
from grader.stand_in import Answer, Candidate, Sitting
from grader.tamper import CHANGED, Tamper
from grader.task import Part, Task
from grader.verdict import NEEDS_GPU, NEEDS_TRITON, TRITON, CandidateFailure, CandidateRaised, NotMeasured, Verdict
from sandbox.errors import SandboxError
from sandbox.lane import Lane

Send = Callable[[dict[str, Any]], None]


class SystemFault(Exception):
    """Our own failure: nothing is said about the candidate, the examination is given up."""


@dataclass(frozen=True)
class Job:
    """What is to be judged, as the worker asks for it.

    Attributes:
        source: the submission's bytes.
        seed: draws every input; the same seed repeats an examination.
        parts: ids of the parts to judge.
        tamper: a trivial answer to put in place of every result, or "".
        budgets: measure budgets; off, they are `not_measured`.
        together: have one run serve all parts, and its cost be told with the last one's.
        cpu: the CPU races are pinned to.
        wall_s: real time one call may take.
        more_memory_mb: what the lane's device takes of the host's memory, beside the task's.
        gpu: the UUID of the GPU that the lanes have, or "".
        device: where the lanes move tensors; "" leaves them on the CPU.
    """

    source: bytes
    seed: int
    parts: tuple[str, ...]
    tamper: str = ""
    budgets: bool = True
    together: bool = False
    cpu: int = 0
    wall_s: float = 10.0
    more_memory_mb: int = 0
    gpu: str = ""
    device: str = ""


@dataclass(frozen=True)
class Answers:
    """What is read of a task once and serves every submission: how a candidate's file and the reference are driven."""

    candidate: Answer
    reference: Answer

    @classmethod
    def of(cls, task: Task) -> Answers:
        """Both, with no source and no seed of a submission yet."""
        candidate = Answer(
            source=b"",
            seed=0,
            entries=tuple(part.entry for part in task.parts),
            forbid=task.forbid,
            operators=tuple(rules.operators(task.forbid, task.forbid_ops)),
            returns=entry_returns(task.starter),
        )
        return cls(candidate, Answer(task.reference.encode(), 0))


@dataclass
class _Now:
    """The part and the check that are being judged."""

    part: Part
    sitting: Sitting
    reference: Sitting | None
    tamper: Tamper | None
    candidate: Candidate | None = None
    budget: BudgetFixture | None = None
    used: set[str] = field(default_factory=set)
    forbidden: dict[str, None] = field(default_factory=dict)


class Exam:
    """Lives in the examiner's fork; the pytest plugin asks it for fixtures and tells it how tests ended."""

    def __init__(
        self, task: Task, answers: Answers, job: Job, lane: Lane, reference_lane: Lane | None, send: Send
    ) -> None:
        self._job, self._send = job, send
        self._answer = replace(answers.candidate, source=job.source, seed=job.seed)
        self._reference = replace(answers.reference, seed=job.seed)
        self._lane, self._reference_lane = lane, reference_lane
        self._parts = {part.test_class: part for part in task.parts if part.id in job.parts}
        self._now: _Now | None = None
        self._shared: Sitting | None = None
        self._findings: dict[str, list[tuple[int, str]]] | None = None
        self._started = 0.0

    @property
    def parts(self) -> Mapping[str, Part]:
        """The parts asked for, by their test class."""
        return self._parts

    def begin(self, test_class: str) -> None:
        """A check of this class starts; the first of a class starts its part."""
        self._started = time.perf_counter()
        part = self._parts[test_class]
        if self._now is None or self._now.part is not part:
            self.end_part()
            self._now = self._sit(part)
            self._now.sitting.start()
            self._prefork_another(part)
        self._now.candidate = self._now.budget = None

    def end_part(self) -> None:
        """Close the part that is being judged and send what it used."""
        if self._now is None:
            return
        now, self._now = self._now, None
        if now.sitting is not self._shared or self._is_last(now.part):
            now.sitting.close()
        if now.reference:
            now.reference.close()
        unjudged = self._unjudged(now.part)
        found = (now.sitting.findings or {}).get(now.part.entry, [])
        notes = [*dict.fromkeys(rules.sentence(line, name) for line, name in found) | now.forbidden]
        notes += [now.sitting.unloadable] if now.sitting.unloadable else []
        cost = {"cpu_ms": now.sitting.cpu_ns / 1e6, "peak_mb": now.sitting.peak_kb / 1024}
        end = {"part": now.part.id, "notes": notes, "budgets_used": sorted(now.used), "unjudged": unjudged}
        self._send(end | cost)

    def candidate(self) -> Candidate:
        """The `candidate` fixture.

        Raises:
            CandidateFailure: the part's code uses a forbidden name.
            NotMeasured: the part cannot be judged in these lanes.
        """
        assert self._now is not None
        self._require_allowed()
        self._now.candidate = Candidate(self._now.sitting, self._now.tamper)
        return self._now.candidate

    def generator(self, name: str) -> torch.Generator:
        """The `rng` fixture: its seed comes from the submission's, the part's and the test's name.

        PyTorch's generator looks at the lowest 32 bits of a seed only, so all of it is hashed into these.
        """
        assert self._now is not None
        origin = f"{self._job.seed}\0{self._now.part.id}\0{name}"
        return torch.Generator().manual_seed(int.from_bytes(blake2b(origin.encode(), digest_size=4).digest()))

    def budget(self, name: str) -> BudgetFixture:
        """The `budget` fixture. Raises as `candidate` does."""
        assert self._now is not None
        now = self._now
        self._require_allowed()
        generator = self.generator(name + " order")
        now.budget = BudgetFixture(now.sitting, None, now.part.budget, generator, self._job.cpu, now.tamper)
        now.budget.meter = meter_for(self._job.gpu)
        if now.part.device == "cuda" and not self._job.gpu:
            now.budget.unmeasured = NEEDS_GPU
        elif self._job.budgets:
            now.budget.reference = now.reference
        return now.budget

    @property
    def device(self) -> torch.device:
        """The `device` fixture: where the candidate's code finds its tensors; hidden tests have theirs on the CPU."""
        return torch.device(self._job.device or "cpu")

    def end(self, name: str, says: str, error: BaseException | None) -> None:
        """A check ended; say how.

        Raises:
            SystemFault: it ended by our own failure.
        """
        assert self._now is not None
        verdict, detail, lines = self._judge(error)
        budget = self._now.budget
        if budget:
            self._now.used |= budget.used
        if verdict is Verdict.FORBIDDEN:
            self._now.forbidden |= dict.fromkeys(detail.split("; "))
        check = Check(
            name=name,
            verdict=verdict,
            says=says if verdict.is_failure else "",
            detail=detail[:2000],
            lines=lines,
            time_ms=(time.perf_counter() - self._started) * 1e3,
            measured=self._measured(self._now),
        )
        self._send({"check": asdict(check) | {"lines": [list(line) for line in lines]}, "of": self._now.part.id})

    def _measured(self, now: _Now) -> dict[str, float]:
        """What was measured in a check; under a trivial answer, also how much of the answer it changed."""
        measured = dict(now.budget.measured) if now.budget else {}
        if now.tamper:
            measured[CHANGED], now.tamper.changed = float(now.tamper.changed), 0
        return measured

    def _judge(self, error: BaseException | None) -> tuple[Verdict, str, tuple[tuple[int, str], ...]]:
        if error is None:
            return Verdict.PASS, "", ()
        if isinstance(error, CandidateRaised):
            return error.verdict, error.detail, error.lines
        if isinstance(error, CandidateFailure):
            return error.verdict, error.detail, ()
        if isinstance(error, NotMeasured):
            return Verdict.NOT_MEASURED, str(error), ()
        if isinstance(error, AssertionError):
            return Verdict.WRONG_VALUE, str(error), ()
        if self._stumbled(error):
            return Verdict.WRONG_VALUE, f"the answer cannot be used: {type(error).__name__}: {error}", ()
        raise SystemFault(f"{type(error).__name__}: {error}") from error

    def _stumbled(self, error: BaseException) -> bool:
        """Whether a test tripped over what the candidate returned, rather than over a fault of ours.

        `task check` proves that a test does not trip over right answers, so what is left are answers it cannot handle.
        """
        ours = (SandboxError, OSError, SystemExit, KeyboardInterrupt, LookupError)
        answered = self._now is not None and self._now.candidate is not None and self._now.candidate._answered
        return answered and (isinstance(error, (IndexError, KeyError)) or not isinstance(error, ours))

    def _sit(self, part: Part) -> _Now:
        device = self._job.device
        sitting = self._shared or Sitting(self._lane, self._answer, device)
        sitting.findings = self._findings
        self._shared = sitting if self._job.together else None
        reference = Sitting(self._reference_lane, self._reference, device) if self._reference_lane else None
        return _Now(part, sitting, reference, Tamper(self._job.tamper) if self._job.tamper else None)

    def _prefork_another(self, part: Part) -> None:
        """Have the run of the next part forked while this one is judged."""
        if not (self._shared or self._is_last(part)):
            self._lane.prefork(self._answer.setup, first=False)

    def _is_last(self, part: Part) -> bool:
        return part is list(self._parts.values())[-1]

    def _unjudged(self, part: Part) -> str:
        """Why a part cannot be judged in these lanes; "" if it can."""
        able = part.device == "cpu" or self._job.gpu or TRITON in self._lane.backend
        return "" if able else NEEDS_TRITON

    def _require_allowed(self) -> None:
        """Refuse to judge a part that cannot be judged here, or whose code uses a forbidden name."""
        assert self._now is not None
        if unjudged := self._unjudged(self._now.part):
            raise NotMeasured(unjudged)
        sitting, entry = self._now.sitting, self._now.part.entry
        if sitting.answer.forbid and sitting.findings is None:
            with contextlib.suppress(CandidateFailure):  # what cannot be loaded fails at the first call
                sitting.run()
            self._findings = sitting.findings
        found = (sitting.findings or {}).get(entry, [])
        if found:
            raise CandidateFailure(Verdict.FORBIDDEN, "; ".join(rules.sentence(n, name) for n, name in found))
