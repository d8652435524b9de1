"""The life of a batch: submissions picked, graded again in the background, proposed, then applied or discarded."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import aliased
from sqlmodel import Session as Db
from sqlmodel import and_, col, func, select

from api import gradings
from api.catalogue import Catalogue
from api.database import now
from api.jobs import Urgency
from api.problems import Problem
from api.tables import Batch, BatchState, Grading, Result, State, Submission
from grader.regrade import Comparison, compare


@dataclass(frozen=True)
class Selection:
    """Which submissions: all that fit everything that is said."""

    task: str | None = None
    task_digest: str | None = None
    assessment_id: uuid.UUID | None = None
    verdict: str | None = None
    submission_ids: tuple[uuid.UUID, ...] = ()


@dataclass(frozen=True)
class Compared:
    """One submission of a batch: what counts now, and what would."""

    submission: Submission
    revision: int
    comparison: Comparison


def begin(db: Db, catalogue: Catalogue, batch: Batch, selection: Selection) -> int:
    """Have everything that fits graded again under the same seeds; how much that is.

    Raises:
        Problem: 422, nothing fits.
    """
    picked = _picked(db, batch.organisation_id, selection)
    if not picked:
        raise Problem(422, "nothing fits that has a result: ask for less, or wait until it is graded")
    db.add(batch)
    db.flush()
    for submission, last in picked:
        queue = catalogue.queue(submission.task, submission.parts)
        gradings.queue_up(db, submission, queue, Urgency.BATCH, last + 1, batch)
    return len(picked)


def compared(db: Db, batch: Batch, limit: int | None = None, after: uuid.UUID | None = None) -> list[Compared]:
    """What is graded of a batch beside what it was picked with, by submission."""
    base, old = aliased(Grading), aliased(Result)
    query = (
        select(Submission, Grading.revision, old, Result)
        .join(Grading, col(Grading.submission_id) == col(Submission.id))
        .join(Result, col(Result.grading_id) == col(Grading.id))
        .join(base, and_(col(base.submission_id) == col(Submission.id), col(base.revision) == col(Grading.base)))
        .join(old, col(old.grading_id) == col(base.id))
        .where(Grading.batch_id == batch.id)
        .order_by(col(Submission.id))
    )
    if after:
        query = query.where(col(Submission.id) > after)
    rows = db.exec(query.limit(limit)).all()
    return [Compared(row, revision, compare(_plain(was), _plain(is_now))) for row, revision, was, is_now in rows]


def apply(db: Db, batch: Batch) -> list[uuid.UUID]:
    """Have the new results count; submissions that could not be graded, or count otherwise by now, are told."""
    skipped = []
    query = select(Grading, Submission).join(Submission, col(Submission.id) == col(Grading.submission_id))
    for grading, submission in db.exec(query.where(Grading.batch_id == batch.id).with_for_update()).all():
        if grading.state is State.DONE and submission.revision == grading.base:
            submission.revision = grading.revision
            db.add(submission)
        else:
            skipped.append(submission.id)
    batch.state = BatchState.APPLIED
    db.add(batch)
    return skipped


def cancel(db: Db, batch: Batch) -> None:
    """Give up what is not graded yet; what is stays readable."""
    query = select(Grading, Submission).join(Submission, col(Submission.id) == col(Grading.submission_id))
    for grading, submission in db.exec(query.where(Grading.batch_id == batch.id).with_for_update(of=Grading)).all():
        gradings.cancel(db, grading, submission)
    batch.state = BatchState.DISCARDED
    db.add(batch)


def locked(db: Db, batch_id: uuid.UUID) -> Batch | None:
    """A batch that nobody else changes until this transaction ends; after its gradings, as who ends one does."""
    db.exec(select(Grading.id).where(Grading.batch_id == batch_id).order_by(col(Grading.id)).with_for_update()).all()
    return db.exec(select(Batch).where(Batch.id == batch_id).with_for_update()).first()


def decided(db: Db, batch: Batch, who: uuid.UUID | None) -> None:
    """Note who decided, and when."""
    batch.decided_by, batch.decided_at = who, now(db)
    db.add(batch)


def _picked(db: Db, organisation_id: uuid.UUID, selection: Selection) -> list[tuple[Submission, int]]:
    """Submissions that fit, locked, with their last revision."""
    query = (
        select(Submission)
        .join(Grading, col(Grading.submission_id) == col(Submission.id))
        .join(Result, col(Result.grading_id) == col(Grading.id))
        .where(
            Submission.organisation_id == organisation_id,
            col(Grading.revision) == col(Submission.revision),
            col(Submission.digest) != "",
        )
        .order_by(col(Submission.id))
    )
    if selection.task:
        query = query.where(Submission.task == selection.task)
    if selection.task_digest:
        query = query.where(col(Result.task_digest).startswith(selection.task_digest, autoescape=True))
    if selection.assessment_id:
        query = query.where(Submission.assessment_id == selection.assessment_id)
    if selection.verdict:
        query = query.where(Result.verdict == selection.verdict)
    if selection.submission_ids:
        query = query.where(col(Submission.id).in_(selection.submission_ids))
    rows = db.exec(query.with_for_update(of=Submission)).all()
    numbers = select(Grading.submission_id, func.max(Grading.revision)).group_by(col(Grading.submission_id))
    last = dict(db.exec(numbers.where(col(Grading.submission_id).in_([row.id for row in rows]))).all())
    return [(row, last[row.id]) for row in rows]


def _plain(result: Result) -> dict[str, Any]:
    """A report, or what is left of one that was erased."""
    numbers = {key: getattr(result, key) for key in ("verdict", "points", "max_points", "task_digest")}
    return {**result.report, **numbers}
