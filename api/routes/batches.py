"""Batches: grading again what was graded before, and applying or discarding what comes of it."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field
from sqlmodel import Session as Db
from sqlmodel import col, func, select

from api import batches
from api.access import Batcher, Caller, Reader, Recruiter, Staff
from api.audit import note
from api.context import DbSession, Service
from api.idempotency import OnceOnly
from api.pages import Cursor, Limit, Page, page
from api.problems import Problem, documented, unknown
from api.routes.submissions import owned
from api.tables import Batch, BatchState, Grading, Result, State
from grader.regrade import matrix

router = APIRouter(tags=["batches"], responses=documented(401, 403, 404, 422))


class BatchIn(BaseModel):
    """What to grade again: all that fits everything that is said, which has to be something."""

    reason: str = Field(min_length=1, max_length=2000, examples=["the tolerance of test_gradient was too tight"])
    task: str | None = Field(None, max_length=100, examples=["q026-stable-softmax"])
    task_digest: str | None = Field(None, min_length=6, max_length=64, description="How the digest they had begins.")
    assessment_id: uuid.UUID | None = None
    verdict: str | None = Field(None, max_length=20, examples=["fail"])
    submission_ids: list[uuid.UUID] = Field([], max_length=10_000)


class Cell(BaseModel):
    """How many went from one verdict to another."""

    old: str = Field(examples=["pass"])
    new: str = Field(examples=["partial"])
    count: int


class BatchOut(BaseModel):
    """A batch."""

    id: uuid.UUID
    reason: str
    selection: BatchIn
    state: BatchState
    created_at: datetime
    decided_at: datetime | None
    gradings: dict[State, int] = Field(description="How many are where.")


class WholeBatchOut(BatchOut):
    """A batch with what came of it so far."""

    matrix: list[Cell]
    changed: int = Field(description="Submissions whose verdict or points change.")


class ChangeOut(BaseModel):
    """One check that was judged otherwise."""

    part: str
    check: str = Field(description="Empty for the part as a whole.")
    old: str
    new: str


class ComparedOut(BaseModel):
    """What would change for one submission, and why."""

    submission_id: uuid.UUID
    session_id: uuid.UUID
    task: str
    revision: int
    old_verdict: str
    new_verdict: str
    old_points: int
    new_points: int
    max_points: int
    old_task_digest: str
    new_task_digest: str
    changes: list[ChangeOut]


class Changes(BaseModel):
    """Some of a batch's submissions."""

    items: list[ComparedOut]
    next: uuid.UUID | None = Field(None, description="Pass it as `cursor` to get what follows.")


class Applied(WholeBatchOut):
    """A batch that counts now."""

    skipped: list[uuid.UUID] = Field(description="Submissions that keep what they had: not graded, or changed since.")


class RevisionOut(BaseModel):
    """One grading of a submission."""

    revision: int
    counts: bool
    state: State
    batch_id: uuid.UUID | None
    verdict: str | None
    points: int | None
    max_points: int | None
    task_digest: str | None
    finished_at: datetime | None


class Revisions(BaseModel):
    """All gradings of a submission, the first first."""

    items: list[RevisionOut]


@router.post("/batches", status_code=202, response_model=BatchOut)
def begin_batch(service: Service, db: DbSession, who: Batcher, given: BatchIn, once: OnceOnly) -> Response:
    """Grade again in the background; nothing counts before somebody applies it."""
    said = given.model_dump(exclude={"reason"}, exclude_defaults=True)
    if not said:
        raise Problem(422, "say what to grade again: a task, a digest, an assessment, a verdict or submissions")
    batch = Batch(
        organisation_id=who.organisation_id,
        selection=given.model_dump(mode="json"),
        reason=given.reason,
        created_by=who.user_id,
    )
    selection = batches.Selection(**{**said, "submission_ids": tuple(given.submission_ids)})
    count = batches.begin(db, service.catalogue, batch, selection)
    note(db, who, "batch.begin", batch.id, submissions=count)
    db.flush()
    db.refresh(batch)
    return once.answer(202, _shown(db, batch), {"Location": f"/api/v1/batches/{batch.id}"})


@router.get("/batches")
def list_batches(db: DbSession, who: Reader, limit: Limit = 50, cursor: Cursor = None) -> Page[BatchOut]:
    """The organisation's batches."""
    mine = select(Batch).where(Batch.organisation_id == who.organisation_id)
    return page(db, mine, Batch, limit, cursor, lambda batch: _shown(db, batch))


@router.get("/batches/{batch_id}")
def get_batch(db: DbSession, who: Reader, batch_id: uuid.UUID) -> WholeBatchOut:
    """A batch, and who would go from which verdict to which."""
    return _whole(db, _owned(db, who, batch_id))


@router.get("/batches/{batch_id}/changes")
def list_changes(
    db: DbSession,
    who: Reader,
    batch_id: uuid.UUID,
    limit: Limit = 50,
    cursor: Annotated[uuid.UUID | None, Query(description="`next` of the page before.")] = None,
) -> Changes:
    """What would change, submission by submission; those that stay as they are among them."""
    found = batches.compared(db, _owned(db, who, batch_id), limit + 1, cursor)
    items = [_compared(one) for one in found[:limit]]
    return Changes(items=items, next=items[-1].submission_id if len(found) > limit else None)


@router.post("/batches/{batch_id}/apply", responses=documented(409))
def apply_batch(db: DbSession, who: Recruiter, batch_id: uuid.UUID) -> Applied:
    """Have the new results count; the old ones stay readable as revisions."""
    batch = _owned(db, who, batch_id, locked=True)
    _require(batch, BatchState.PROPOSED)
    skipped = batches.apply(db, batch)
    batches.decided(db, batch, who.user_id)
    note(db, who, "batch.apply", batch.id, skipped=len(skipped))
    db.commit()
    return Applied(**_whole(db, batch).model_dump(), skipped=skipped)


@router.post("/batches/{batch_id}/discard", responses=documented(409))
def discard_batch(db: DbSession, who: Recruiter, batch_id: uuid.UUID) -> WholeBatchOut:
    """Leave everything as it is; what is not graded yet will not be."""
    batch = _owned(db, who, batch_id, locked=True)
    _require(batch, BatchState.PROPOSED, BatchState.GRADING)
    batches.cancel(db, batch)
    batches.decided(db, batch, who.user_id)
    note(db, who, "batch.discard", batch.id)
    db.commit()
    return _whole(db, batch)


@router.get("/submissions/{submission_id}/revisions")
def list_revisions(db: DbSession, who: Staff, submission_id: uuid.UUID) -> Revisions:
    """How often a submission was graded, and what came of it."""
    submission = owned(db, who, submission_id)
    query = select(Grading, Result).join(Result, col(Result.grading_id) == col(Grading.id), isouter=True)
    rows = db.exec(query.where(Grading.submission_id == submission.id).order_by(col(Grading.revision))).all()
    return Revisions(items=[_revision(grading, result, submission.revision) for grading, result in rows])


def _owned(db: Db, who: Caller, batch_id: uuid.UUID, *, locked: bool = False) -> Batch:
    found = batches.locked(db, batch_id) if locked else db.get(Batch, batch_id)
    if found is None or found.organisation_id != who.organisation_id:
        raise unknown("batch")
    return found


def _require(batch: Batch, *states: BatchState) -> None:
    if batch.state not in states:
        raise Problem(409, f"this batch is {batch.state}; it has to be {' or '.join(states)}")


def _shown(db: Db, batch: Batch) -> BatchOut:
    query = select(Grading.state, func.count()).where(Grading.batch_id == batch.id).group_by(col(Grading.state))
    counts = {State(state): count for state, count in db.exec(query).all()}
    return BatchOut(**batch.model_dump(include=set(BatchOut.model_fields)), gradings=counts)


def _whole(db: Db, batch: Batch) -> WholeBatchOut:
    comparisons = [one.comparison for one in batches.compared(db, batch)]
    cells = [Cell(old=old, new=new, count=count) for (old, new), count in matrix(comparisons).items()]
    changed = sum(one.is_change for one in comparisons)
    return WholeBatchOut(**_shown(db, batch).model_dump(), matrix=cells, changed=changed)


def _compared(one: batches.Compared) -> ComparedOut:
    plain = {key: value for key, value in one.comparison.to_json().items() if key not in ("submission", "is_change")}
    ids = {"submission_id": one.submission.id, "session_id": one.submission.session_id}
    return ComparedOut.model_validate({**plain, **ids, "revision": one.revision})


def _revision(grading: Grading, result: Result | None, current: int) -> RevisionOut:
    numbers = {key: getattr(result, key, None) for key in ("verdict", "points", "max_points", "task_digest")}
    return RevisionOut(
        revision=grading.revision,
        counts=grading.revision == current,
        state=grading.state,
        batch_id=grading.batch_id,
        finished_at=grading.finished_at,
        **numbers,
    )
