"""Task and code in, report out: the one place where a failure of ours becomes `system_error`."""

from __future__ import annotations

import base64
import hmac
import os
import platform
import secrets
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeVar

from grader import __version__
from grader.backend import default_backend
from grader.desk import Desk, Template
from grader.gpu import GpuDesk
from grader.public_report import PublicReport
from grader.public_run import PublicJob, run_public_tests
from grader.record import OnCheck, Record
from grader.report import Report
from grader.score import report_verdict
from grader.submission import Submission
from grader.task import Level, Part, Task
from grader.verdict import Verdict
from sandbox.errors import EngineAway, SandboxError
from sandbox.pool import Backend, Pool

T = TypeVar("T")

TRIES: Final = 3
#: How long a submission waits for a container engine that is away, and how often it looks.
PATIENCE_S: Final = 120.0
RETRY_S: Final = 1.0


class SystemFailure(Exception):
    """A submission could not be judged through no fault of its own: `system_error`, to be tried again later."""

    verdict = Verdict.SYSTEM_ERROR


@dataclass(frozen=True)
class Options:
    """How to grade.

    Attributes:
        seed: draws the inputs; None derives it from the secret and the submission, so that a re-grade repeats it.
        level, parts: what is asked; everything without them.
        budgets: off, budgets are `not_measured`.
        wall_s: overrides the task's wall for a single call.
        tamper: for `task check`: a trivial answer in place of every result.
        together: for `task check`: one process for all parts, for code that is known to keep nothing from part to part.
    """

    seed: int | None = None
    level: Level | None = None
    parts: tuple[str, ...] = ()
    budgets: bool = True
    wall_s: float | None = None
    tamper: str = ""
    together: bool = False


class Grader:
    """Grades submissions on `slots` lanes at once; safe to use from many threads."""

    def __init__(
        self,
        slots: int | None = None,
        *,
        backend: Backend | None = None,
        secret: bytes | None = None,
        patience_s: float = PATIENCE_S,
        gpus: GpuDesk | None = None,
    ) -> None:
        self._patience_s = patience_s
        self.slots = slots or lanes_here()
        self.backend = backend or default_backend()
        self._secret = secret or os.environ.get("FORWARDPASS_SECRET", "").encode() or secrets.token_bytes(32)
        self._lanes = Pool(self.backend, self.slots)
        self._references = Pool(self.backend, self.slots)
        self._gpus = gpus or GpuDesk()
        self._desk = Desk()
        self._identities: dict[int, tuple[Task, str, str]] = {}

    def open(self, *, races: bool = False, examiner: bool = True) -> None:
        """Warm everything up: the examiner and all lanes, at once; with `races`, those of the reference too.

        Public tests need no `examiner`.

        Raises:
            SandboxError: no isolation works here, or the examiner does not start; the message says what to do.
        """
        starts = [self._lanes.open]
        starts += [self._desk.open] if examiner else []
        starts += [self._references.open] if races else []
        with ThreadPoolExecutor(len(starts)) as starters:
            pending = [starters.submit(start) for start in starts]
            try:
                for future in as_completed(pending):
                    future.result()
            except BaseException:  # an interrupt too: what was started has to end
                self.close()
                raise

    def close(self) -> None:
        """End every process this grader started."""
        self._desk.close()
        self._lanes.close()
        self._references.close()
        self._gpus.close()

    def __enter__(self) -> Grader:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def grade(
        self, task: Task, submission: Submission, options: Options = Options(), on_check: OnCheck | None = None
    ) -> Report:
        """Judge one submission.

        Raises:
            TaskError: the task is broken, or has no such part.
            SystemFailure: it could not be judged after several tries on fresh lanes.
        """
        parts = task.select(options.level, options.parts)
        return self._tried(submission, lambda: self._grade_once(task, parts, submission, options, on_check))

    def run_public(self, task: Task, submission: Submission, *, parts: tuple[str, ...] = ()) -> PublicReport:
        """Run the public tests of these parts, or all; nothing is scored. It takes a lane of the CPU, no examiner.

        Raises:
            TaskError: there is no such part, or the public tests cannot be run in a lane.
            SystemFailure: they could not be run after several tries on fresh lanes.
        """
        job = PublicJob.of(task, submission, task.select(None, parts))
        return self._tried(submission, lambda: self._run_public_once(job))

    def _run_public_once(self, job: PublicJob) -> PublicReport:
        with self._lanes.lane() as lane:
            return run_public_tests(lane, job)

    def _tried(self, submission: Submission, attempt: Callable[[], T]) -> T:
        """What comes of an attempt, of several if ours fail: on fresh lanes, and waiting for an engine that is away."""
        tries, give_up_at = 0, time.monotonic() + self._patience_s
        while True:
            try:
                return attempt()
            except EngineAway as error:
                failure: Exception = error
                if time.monotonic() > give_up_at:
                    break
                time.sleep(RETRY_S)
            except (SandboxError, OSError) as error:
                failure = error
                if (tries := tries + 1) == TRIES:
                    break
        raise SystemFailure(f"{submission.name}: could not be graded: {failure}") from failure

    @property
    def replaced(self) -> int:
        """How many lanes were lost so far and had to be replaced."""
        return self._lanes.replaced + self._references.replaced

    def checks(self, task: Task, options: Options = Options()) -> int:
        """How many checks a submission will be put to.

        Raises:
            TaskError: the task is broken, or has no such part.
            SandboxError: the examiner is gone.
        """
        asked = {part.test_class for part in task.select(options.level, options.parts)}
        template = self._desk.template(task, self._identity(task)[0])
        return sum(test_class in asked for test_class, _, _ in template.tests)

    def seed(self, task: Task, submission: Submission) -> int:
        """The seed of a submission: secret to whoever lacks our key, the same for the same bytes and task."""
        message = f"{task.id}\0{submission.digest}".encode()
        return int.from_bytes(hmac.digest(self._secret, message, "sha256")[:6], "big")

    def _identity(self, task: Task) -> tuple[str, str]:
        """Digest and title, read once for each task object: to grade a task that changed on disk, load it again."""
        if id(task) not in self._identities:
            self._identities[id(task)] = task, task.digest, task.title("en")
        return self._identities[id(task)][1:]

    def _grade_once(
        self, task: Task, parts: tuple[Part, ...], submission: Submission, options: Options, on_check: OnCheck | None
    ) -> Report:
        started = time.perf_counter()
        digest, title = self._identity(task)
        template = self._desk.template(task, digest)
        seed = self.seed(task, submission) if options.seed is None else options.seed
        record = Record(template, parts, submission.source, on_check)
        backend = self._examine(task, template, parts, submission, options, seed, record)
        reports = tuple(record.part_report(part) for part in parts)
        if not any(part.max_points for part in reports):
            raise SystemFailure(f"{submission.name}: nothing could be judged: {reports[0].notes[-1]}")
        points = sum(part.points for part in reports)
        return Report(
            task=task.id,
            title=title,
            task_digest=digest,
            submission=submission.name,
            submission_digest=submission.digest,
            seed=seed,
            grader_version=__version__,
            backend=backend,
            hardware=hardware(),
            level=str(options.level) if options.level else None,
            verdict=report_verdict([part.verdict for part in reports], points),
            points=points,
            max_points=sum(part.max_points for part in reports),
            parts=reports,
            elapsed_ms=(time.perf_counter() - started) * 1e3,
        )

    def _examine(
        self,
        task: Task,
        template: Template,
        parts: tuple[Part, ...],
        submission: Submission,
        options: Options,
        seed: int,
        record: Record,
    ) -> dict[str, Any]:
        job = {
            "source": base64.b64encode(submission.source).decode(),
            "seed": seed,
            "tamper": options.tamper,
            "budgets": options.budgets,
            "together": options.together,
            "wall_s": options.wall_s or task.wall_s,
        }
        there = tuple(part for part in parts if self._gpus.takes(part))
        here = tuple(part for part in parts if part not in there)
        backend = self._examine_here(template, job, here, record) if here else {}
        if there:
            ids = {"parts": [part.id for part in there], "cpu": min(os.sched_getaffinity(0))}
            backend = backend | self._gpus.examine(self._desk, template, job | ids, record.add)
        return backend

    def _examine_here(
        self, template: Template, job: dict[str, Any], parts: tuple[Part, ...], record: Record
    ) -> dict[str, Any]:
        """Have parts judged on lanes without a GPU; what the report is to say of the sandbox."""
        job = job | {"parts": [part.id for part in parts]}
        races = job["budgets"] and any(part.budget.is_set and part.device == "cpu" for part in parts)
        with self._lanes.lane() as lane:
            if not races:
                self._desk.examine(template, job, [lane], record.add)
                return lane.backend
            with self._references.lane() as reference:
                cpus = sorted(os.sched_getaffinity(0))
                job["cpu"] = cpus[lane.number % len(cpus)]
                self._desk.examine(template, job, [lane, reference], record.add)
                return lane.backend


def lanes_here() -> int:
    """How many lanes this machine keeps busy: one a core that this process may use."""
    return len(os.sched_getaffinity(0))


@cache
def hardware() -> dict[str, Any]:
    """What a report says of the machine."""
    model = platform.processor() or platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    return {"cpu": model, "cores": len(os.sched_getaffinity(0)), "system": f"{platform.system()} {platform.release()}"}
