"""Submissions on their way to a result as they must be, beside the real ones, with workers who fail in every way."""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final, TypeAlias

from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
)
from sqlmodel import Session as Db
from sqlmodel import col, select, text

from api import gradings
from api.catalogue import Catalogue
from api.database import Database
from api.housekeeping import sweep
from api.tables import Attempt, Batch, BatchState, Grading, Result, State, Submission
from tests.api.conftest import Candidate, Organisation
from tests.api.test_batches import SOURCE, report

OPEN: Final = (State.QUEUED, State.RUNNING)
WORKERS: Final = st.sampled_from(["one", "two"])
HOW: Final = st.sampled_from(["commit", "commit", "give up", "hand back"])
POINTS: Final = st.integers(0, 5)
#: Which grading of a submission, counted from the latest.
NTH: Final = st.integers(0, 3)
#: Every result is another one, so that it tells where it came from.
digests = count(1)
#: Verdict, points and digest.
Judgement: TypeAlias = tuple[str, int, str]


@dataclass(eq=False)
class Judging:
    """One grading; `lost` when its job is gone."""

    id: uuid.UUID
    handed: Handed
    revision: int
    base: int | None = None
    batch: Proposal | None = None
    state: State = State.QUEUED
    epoch: int = 0
    tries: int = 0
    result: Judgement | None = None
    job: int = 0
    lost: bool = False


@dataclass(eq=False)
class Handed:
    """One submission with its gradings; the one of `revision` counts."""

    id: str
    candidate: Candidate
    source: str
    judgings: list[Judging] = field(default_factory=list)
    revision: int = 1
    erased: bool = False

    @property
    def counting(self) -> Judging:
        """The grading whose result counts."""
        return self.judgings[self.revision - 1]


@dataclass(eq=False)
class Proposal:
    """One batch."""

    id: str
    judgings: list[Judging]
    decided: BatchState | None = None

    @property
    def state(self) -> BatchState:
        """Decided, or proposed exactly when nothing is left to grade."""
        waits = any(one.state in OPEN for one in self.judgings)
        return self.decided or (BatchState.GRADING if waits else BatchState.PROPOSED)


@dataclass(eq=False)
class Work:
    """A grading in the hands of a worker, who may hold it for any time, or for ever: then the worker died."""

    begun: gradings.Begun
    judging: Judging
    job: int
    over: bool = False

    @property
    def counts(self) -> bool:
        """Whether what comes of it is wanted."""
        return self.judging.state is State.RUNNING and self.judging.epoch == self.begun.epoch


class GradingMachine(RuleBasedStateMachine):
    """Two candidates, two workers, a recruiter, and jobs that are delivered too often or lost."""

    submissions: Bundle[Handed] = Bundle("submissions")
    works: Bundle[Work] = Bundle("works")
    batches: Bundle[Proposal] = Bundle("batches")

    def __init__(self, ours: Organisation, database: Database, catalogue: Catalogue) -> None:
        super().__init__()
        self.ours, self.database, self.catalogue = ours, database, catalogue
        self.all: list[Handed] = []
        self.proposals: list[Proposal] = []

    @initialize(target=submissions)
    def begin(self) -> MultipleResults[Handed]:
        """Two candidates are at work and have handed in, and that is graded."""
        assessment = self.ours.assessment()
        self.candidates = [self.ours.candidate(assessment) for _ in range(2)]
        for nth in (0, 1):
            self.submit(nth)
            self.work_off(nth + 3)
        return multiple(*self.all)

    @precondition(lambda self: len(self.all) < 4)
    @rule(target=submissions, nth=st.integers(0, 1))
    def submit(self, nth: int) -> Handed | MultipleResults[Handed]:
        """Whoever is not erased hands in, and a grading waits."""
        candidate = self.candidates[nth]
        source = f"{SOURCE}# {len(self.all)}"
        answer = candidate.submit(source)
        if answer.status_code == 401:
            assert any(one.erased for one in self.all if one.candidate is candidate)
            return multiple()
        handed = Handed(answer.json()["id"], candidate, source)
        self.all.append(handed)
        self._add_judgings(Grading.submission_id, handed.id)
        return handed

    @rule(target=works, handed=submissions, nth=NTH, worker=WORKERS)
    def deliver(self, handed: Handed, nth: int, worker: str) -> Work | MultipleResults[Work]:
        """A grading is given to a worker: for the first time, again after another died, or twice by mistake."""
        judging = handed.judgings[-1 - nth % len(handed.judgings)]
        return self._delivered(judging, worker) or multiple()

    @rule(target=works, handed=submissions, how=HOW, points=POINTS)
    def overtake(self, handed: Handed, how: str, points: int) -> Work | MultipleResults[Work]:
        """A grading is in the hands of two workers, and the one who began first comes to an end first."""
        first, second = (self._delivered(handed.judgings[-1], worker) for worker in ("one", "two"))
        if first:
            self.end(first, how, points)
        return second or multiple()

    @rule(points=POINTS)
    def work_off(self, points: int) -> None:
        """Workers to whom nothing happens work off whatever waits."""
        for judging in self._judgings():
            if judging.state is State.QUEUED and (work := self._delivered(judging, "three")):
                self._commit(work, points)

    @rule(handed=submissions)
    def poison(self, handed: Handed) -> None:
        """A grading costs every worker its life, until no other gets it."""
        while self._delivered(handed.judgings[-1], "doomed"):
            pass

    @rule(work=works, how=HOW, points=POINTS)
    def end(self, work: Work, how: str, points: int) -> None:
        """A worker comes to an end, however late: with a result, with a fault of ours, or because it has to stop."""
        if how == "commit":
            self._commit(work, points)
        elif how == "give up":
            self._give_up(work)
        else:
            self._hand_back(work)

    @rule(handed=submissions, nth=NTH)
    def lose(self, handed: Handed, nth: int) -> None:
        """A job is gone, as after a restored backup."""
        judging = handed.judgings[-1 - nth % len(handed.judgings)]
        self._drop(judging.job)
        judging.lost = judging.state in OPEN

    @rule()
    def sweep(self) -> None:
        """Whatever is open and has lost its job gets another."""
        self._execute("UPDATE grading SET created_at = now() - interval '1 hour'")
        sweep(self.database, self.catalogue)
        for judging in self._judgings():
            if judging.lost and judging.state in OPEN:
                self._queue_again(judging)

    @rule(handed=submissions, how=st.sampled_from(["cancel", "retry"]))
    def interfere(self, handed: Handed, how: str) -> None:
        """What has no result can be cancelled, once; what is parked, and nothing else, is tried three times anew."""
        self._require_parked()
        one = handed.counting
        allowed = one.state is State.PARKED or (how == "cancel" and one.state in OPEN)
        answer = self.ours.admin.post(f"/submissions/{handed.id}/{how}")
        assert answer.status_code == (200 if allowed else 409)
        if allowed and how == "cancel":
            one.state = State.CANCELLED
        elif allowed:
            one.tries = 0
            self._queue_again(one)

    @precondition(lambda self: sum(not one.decided for one in self.proposals) < 3)
    @rule(target=batches, handed=st.none() | submissions)
    def begin_batch(self, handed: Handed | None) -> Proposal | MultipleResults[Proposal]:
        """Everything with a result, or one thing of it, is graded again; what is erased is not."""
        picked = [one for one in ([handed] if handed else self.all) if one.counting.result and not one.erased]
        wanted = {"submission_ids": [handed.id]} if handed else {"task": report()["task"]}
        answer = self.ours.admin.post("/batches", json={"reason": "too tight", **wanted})
        assert answer.status_code == (202 if picked else 422)
        if not picked:
            return multiple()
        proposal = Proposal(answer.json()["id"], [])
        self.proposals.append(proposal)
        proposal.judgings = self._add_judgings(Grading.batch_id, proposal.id)
        assert {one.handed for one in proposal.judgings} == set(picked)
        for judging in proposal.judgings:
            judging.batch, judging.base = proposal, judging.handed.revision
        return proposal

    @rule(proposal=batches, how=st.sampled_from(["apply", "apply", "discard"]))
    def decide(self, proposal: Proposal, how: str) -> None:
        """A proposal is applied or discarded, once; discarded it can be while it is graded, too."""
        allowed = (BatchState.PROPOSED,) if how == "apply" else (BatchState.PROPOSED, BatchState.GRADING)
        answer = self.ours.admin.post(f"/batches/{proposal.id}/{how}")
        assert answer.status_code == (200 if proposal.state in allowed else 409)
        if proposal.state in allowed and how == "apply":
            self._apply(proposal, answer.json()["skipped"])
        elif proposal.state in allowed:
            self._cancel(proposal.judgings)
            proposal.decided = BatchState.DISCARDED
        for judging in proposal.judgings:
            self._read(judging.handed)

    @precondition(lambda self: len(self.all) > 2)
    @rule()
    def erase(self) -> None:
        """Of an erased candidate, who is always the second, nothing is graded any more; points stay."""
        assert self.ours.admin.delete(self.candidates[1].path).status_code == 204
        for handed in self.all:
            if handed.candidate is self.candidates[1]:
                handed.erased = True
                self._cancel(handed.judgings)

    @invariant()
    def all_is_as_it_should_be(self) -> None:
        """What is kept is what the model says; each check says what it is about."""
        with self.database.session() as db:
            rows = list(db.exec(select(Grading).where(Grading.organisation_id == self.ours.id)).all())
            self._require_gradings(rows)
            self._require_results(db)
            self._require_jobs(db, rows)
            self._require_batches(db)
            self._require_revisions(db)

    def teardown(self) -> None:
        """At last every candidate reads what counts, and recruiters see what waits for them."""
        for handed in self.all:
            self._read(handed)
        self._require_parked()

    def _read(self, handed: Handed) -> None:
        """The candidate reads the result of the revision that counts; there is none before it is graded."""
        who = self.ours.admin if handed.erased else handed.candidate
        answer = who.get(f"/submissions/{handed.id}/report")
        assert answer.status_code == (200 if handed.counting.result else 409)
        if handed.counting.result:
            told = answer.json()
            assert (told["verdict"], told["points"]) == handed.counting.result[:2]
            assert told["revision"] == handed.revision

    def _require_parked(self) -> None:
        """What is listed as parked is what can be retried, each once."""
        listed = [one["id"] for one in self.ours.admin.get("/parked").json()["items"]]
        assert sorted(listed) == sorted(one.id for one in self.all if one.counting.state is State.PARKED)

    def _require_gradings(self, rows: list[Grading]) -> None:
        """Each grading has the state, the epoch and the tries that what befell it makes; a parked one has had three."""
        expected = {one.id: (one.state, one.epoch, one.tries) for one in self._judgings()}
        assert {row.id: (row.state, row.epoch, row.tries) for row in rows} == expected
        assert all(row.tries <= gradings.TRIES for row in rows)
        assert all(row.tries == gradings.TRIES for row in rows if row.state is State.PARKED)

    def _require_results(self, db: Db) -> None:
        """A grading has the one result that was taken, or none, and it came from the latest attempt."""
        ids = [one.id for one in self._judgings()]
        taken = {one.id: one for one in self._judgings() if one.result}
        rows = db.exec(select(Result).where(col(Result.grading_id).in_(ids))).all()
        kept = {row.grading_id: (row.verdict, row.points, row.task_digest) for row in rows}
        assert kept == {name: one.result for name, one in taken.items()}
        done = select(Attempt.grading_id, Attempt.epoch).where(col(Attempt.grading_id).in_(ids))
        winners = db.exec(done.where(Attempt.outcome == "done")).all()
        assert Counter(winners) == Counter((name, one.epoch) for name, one in taken.items())

    def _require_jobs(self, db: Db, rows: list[Grading]) -> None:
        """Whatever is open and was not lost has a job: what is queued one that waits, else it may be in work."""
        jobs = db.connection().execute(text("SELECT id, status::text FROM procrastinate_jobs")).all()
        statuses: dict[int | None, str] = dict(tuple(job) for job in jobs)
        lost = {one.id for one in self._judgings() if one.lost}
        for row in rows:
            if row.state in OPEN and row.id not in lost:
                assert statuses.get(row.job_id) in ({"todo"} if row.state is State.QUEUED else {"todo", "doing"})

    def _require_batches(self, db: Db) -> None:
        """A batch that nobody decided is proposed exactly when none of its gradings is open."""
        rows = db.exec(select(Batch).where(Batch.organisation_id == self.ours.id)).all()
        assert {str(row.id): row.state for row in rows} == {one.id: one.state for one in self.proposals}

    def _require_revisions(self, db: Db) -> None:
        """The revision that counts is the first, or that of the batch which was applied last."""
        rows = db.exec(select(Submission).where(Submission.organisation_id == self.ours.id)).all()
        assert {str(row.id): row.revision for row in rows} == {one.id: one.revision for one in self.all}

    def _judgings(self) -> list[Judging]:
        return [judging for handed in self.all for judging in handed.judgings]

    def _add_judgings(self, column: Any, owner: str) -> list[Judging]:
        """Gradings of a new submission or a new batch: each is the next revision of its submission."""
        with self.database.session() as db:
            rows = db.exec(select(Grading).where(column == uuid.UUID(owner))).all()
        added = []
        for row in rows:
            handed = next(one for one in self.all if one.id == str(row.submission_id))
            assert row.revision == len(handed.judgings) + 1
            added.append(Judging(row.id, handed, row.revision, job=row.job_id or 0))
            handed.judgings.append(added[-1])
        return added

    def _delivered(self, judging: Judging, worker: str) -> Work | None:
        """The worker's hold of a grading, if there is anything to do."""
        job = judging.job
        self._execute("UPDATE procrastinate_jobs SET status = 'doing' WHERE id = :id", id=job)
        with self.database.session() as db:
            begun = gradings.begin(db, judging.id, worker)
        if judging.state not in OPEN or judging.tries == gradings.TRIES:
            assert begun is None
            judging.state = State.PARKED if judging.state in OPEN else judging.state
            self._drop(job)
            return None
        judging.state, judging.epoch, judging.tries = State.RUNNING, judging.epoch + 1, judging.tries + 1
        assert begun is not None
        assert (begun.epoch, begun.source.decode()) == (judging.epoch, judging.handed.source)
        return Work(begun, judging, job)

    def _commit(self, work: Work, points: int) -> None:
        """A result is taken from the latest to have begun, once."""
        made = report("pass" if points == 5 else "partial", points, f"{next(digests):064}")
        with self.database.session() as db:
            assert gradings.commit_result(db, work.begun.id, work.begun.epoch, made) == work.counts
        if work.counts:
            work.judging.state = State.DONE
            work.judging.result = (made["verdict"], made["points"], made["task_digest"])
        self._return(work)

    def _give_up(self, work: Work) -> None:
        """A fault of ours has the grading tried again, and parked after the third."""
        with self.database.session() as db:
            assert gradings.give_up(db, work.begun.id, work.begun.epoch, "the lane is lost") == work.counts
        if work.counts and work.judging.tries == gradings.TRIES:
            work.judging.state = State.PARKED
        elif work.counts:
            self._queue_again(work.judging)
        self._return(work)

    def _hand_back(self, work: Work) -> None:
        """A worker that stops leaves the grading as if it had not begun it."""
        with self.database.session() as db:
            gradings.hand_back(db, work.begun.id, work.begun.epoch)
        if work.counts:
            work.judging.tries -= 1
            self._queue_again(work.judging)
        self._return(work)

    def _return(self, work: Work) -> None:
        """A worker's function has ended, so the queue forgets the job, even if another worker is at it by now."""
        if not work.over:
            work.over = True
            self._drop(work.job)
            work.judging.lost |= work.judging.job == work.job and work.judging.state in OPEN

    def _queue_again(self, judging: Judging) -> None:
        """There is another job, and the grading waits."""
        judging.state, judging.lost = State.QUEUED, False
        with self.database.session() as db:
            job = db.get_one(Grading, judging.id).job_id or 0
        assert job > judging.job
        judging.job = job

    def _apply(self, proposal: Proposal, skipped: list[str]) -> None:
        """A proposal counts from now on, but for what was not graded or counts otherwise since."""
        fits = [one for one in proposal.judgings if one.result and one.base == one.handed.revision]
        for judging in fits:
            judging.handed.revision = judging.revision
        assert sorted(skipped) == sorted(one.handed.id for one in proposal.judgings if one not in fits)
        proposal.decided = BatchState.APPLIED

    def _cancel(self, judgings: list[Judging]) -> None:
        for judging in judgings:
            judging.state = State.DONE if judging.result else State.CANCELLED

    def _drop(self, job: int) -> None:
        self._execute("DELETE FROM procrastinate_jobs WHERE id = :id", id=job)

    def _execute(self, statement: str, **values: object) -> None:
        with self.database.session() as db:
            db.connection().execute(text(statement), values)
            db.commit()
