"""The life of a grading: queued, begun by a worker, its result committed once, or parked for a person.

Execution is at least once; results are exactly once. Whoever begins a grading raises its `epoch`; a result is taken
only from the latest epoch and only while the grading runs. So a worker that was paused, cut off or delivered the same
job as another one finds the door closed, and what readers see never changes.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any, Final

from sqlmodel import Session as Db
from sqlmodel import col, func, select

from api import events, jobs
from api.database import now
from api.tables import Attempt, Batch, BatchState, Grading, Result, State, Submission
from api.webhooks import Occasion, announce

TRIES: Final = 3
#: How long a grading waits after a fault of ours, doubled with each.
BACK_OFF_S: Final = 2


@dataclass(frozen=True)
class Begun:
    """What a worker needs to know of a grading that it has begun."""

    id: uuid.UUID
    epoch: int
    session_id: uuid.UUID
    task: str
    parts: tuple[str, ...]
    source: bytes
    seed: int
    name: str


def queue_up(
    db: Db, submission: Submission, queue: str, urgency: jobs.Urgency, revision: int = 1, batch: Batch | None = None
) -> Grading:
    """Write down that a submission is to be graded; whoever commits sets it in motion."""
    grading = Grading(
        organisation_id=submission.organisation_id,
        submission_id=submission.id,
        revision=revision,
        batch_id=batch.id if batch else None,
        base=submission.revision if batch else None,
        queue=queue,
    )
    jobs.enqueue(db, grading, urgency)
    if batch is None:
        _tell(db, submission, grading)
    return grading


def begin(db: Db, grading_id: uuid.UUID, worker: str) -> Begun | None:
    """Take a grading; None if there is nothing to do any more. Commits."""
    grading = _locked(db, grading_id)
    if grading is None or grading.state in (State.DONE, State.CANCELLED, State.PARKED):
        return None
    submission = db.get_one(Submission, grading.submission_id)
    if grading.tries >= TRIES:
        _park(db, grading, submission)
        db.commit()
        return None
    grading.epoch, grading.tries, grading.state = grading.epoch + 1, grading.tries + 1, State.RUNNING
    db.add_all([grading, Attempt(grading_id=grading.id, epoch=grading.epoch, worker=worker)])
    _tell(db, submission, grading)
    db.commit()
    return Begun(
        grading.id,
        grading.epoch,
        submission.session_id,
        submission.task,
        tuple(submission.parts),
        submission.source,
        submission.seed,
        str(submission.id),
    )


def commit_result(db: Db, grading_id: uuid.UUID, epoch: int, report: dict[str, Any]) -> bool:
    """Keep the result of an attempt, once and for all; False if it comes too late. Commits."""
    grading = _held(db, grading_id, epoch)
    if grading is None:
        return False
    keys = ("verdict", "points", "max_points", "task_digest")
    db.add(Result(grading_id=grading_id, report=report, **{key: report[key] for key in keys}))
    _end(db, grading, State.DONE, "done")
    submission = db.get_one(Submission, grading.submission_id)
    _tell(db, submission, grading)
    if grading.batch_id is None:
        ids = {"submission_id": str(submission.id), "session_id": str(submission.session_id)}
        announce(db, grading.organisation_id, Occasion.SUBMISSION_GRADED, ids)
    _complete(db, grading.batch_id)
    db.commit()
    return True


def give_up(db: Db, grading_id: uuid.UUID, epoch: int, reason: str) -> bool:
    """Record a fault of ours: the grading waits for another try or, after the last, for a person. Commits."""
    grading = _held(db, grading_id, epoch)
    if grading is None:
        return False
    submission = db.get_one(Submission, grading.submission_id)
    _note(db, grading, "system_error", reason)
    if grading.tries >= TRIES:
        _park(db, grading, submission)
    else:
        again(db, grading, wait_s=BACK_OFF_S**grading.tries)
        _tell(db, submission, grading)
    db.commit()
    return True


def hand_back(db: Db, grading_id: uuid.UUID, epoch: int) -> None:
    """Let others do what a stopping worker has begun, as if it had not been. Commits."""
    grading = _held(db, grading_id, epoch)
    if grading is not None:
        grading.tries -= 1
        _note(db, grading, "handed_back", "")
        again(db, grading)
        db.commit()


def again(db: Db, grading: Grading, wait_s: int = 0) -> None:
    """Put a grading back into the queue, before those that came later."""
    grading.state, grading.finished_at = State.QUEUED, None
    jobs.enqueue(db, grading, jobs.Urgency.BATCH if grading.batch_id else jobs.Urgency.SUBMISSION, wait_s)


def retry(db: Db, grading: Grading, submission: Submission) -> None:
    """Have a parked grading tried anew, as often as one that was never begun."""
    grading.tries = 0
    again(db, grading)
    _tell(db, submission, grading)


def cancel(db: Db, grading: Grading, submission: Submission) -> bool:
    """Stop caring for a grading that is not done; a worker that has begun it will find the door closed."""
    if grading.state in (State.DONE, State.CANCELLED):
        return False
    _end(db, grading, State.CANCELLED, "cancelled")
    _tell(db, submission, grading)
    _complete(db, grading.batch_id)
    return True


def _locked(db: Db, grading_id: uuid.UUID) -> Grading | None:
    return db.exec(select(Grading).where(Grading.id == grading_id).with_for_update()).first()


def _held(db: Db, grading_id: uuid.UUID, epoch: int) -> Grading | None:
    """The grading, if this attempt is still the one that counts."""
    grading = _locked(db, grading_id)
    return grading if grading and grading.epoch == epoch and grading.state is State.RUNNING else None


def _park(db: Db, grading: Grading, submission: Submission) -> None:
    _end(db, grading, State.PARKED, "")
    _tell(db, submission, grading)
    _complete(db, grading.batch_id)


def _end(db: Db, grading: Grading, state: State, outcome: str) -> None:
    grading.state, grading.finished_at = state, now(db)
    db.add(grading)
    if outcome and grading.epoch:
        _note(db, grading, outcome, "")


def _note(db: Db, grading: Grading, outcome: str, message: str) -> None:
    attempt = db.get(Attempt, (grading.id, grading.epoch))
    if attempt and not attempt.outcome:
        attempt.outcome, attempt.message, attempt.finished_at = outcome, message[:2000], now(db)
        db.add(attempt)


def _complete(db: Db, batch_id: uuid.UUID | None) -> None:
    """A batch whose last grading has ended becomes a proposal."""
    if batch_id is None:
        return
    db.flush()
    batch = db.exec(select(Batch).where(Batch.id == batch_id).with_for_update()).one()
    open_ones = select(func.count()).where(
        Grading.batch_id == batch_id, col(Grading.state).in_([State.QUEUED, State.RUNNING])
    )
    if batch.state is BatchState.GRADING and not db.exec(open_ones).one():
        batch.state = BatchState.PROPOSED
        db.add(batch)
        announce(db, batch.organisation_id, Occasion.BATCH_PROPOSED, {"batch_id": str(batch.id)})


def _tell(db: Db, submission: Submission, grading: Grading) -> None:
    """Whoever follows the session hears where the grading is, and nothing of what came of it."""
    if grading.batch_id is None:
        data = {"submission_id": str(submission.id), "task": submission.task, "state": grading.state.value}
        events.tell(db, submission.session_id, "submission", data)
