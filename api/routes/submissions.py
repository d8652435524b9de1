"""Submissions: taken, kept byte for byte, graded; followed until there is a result."""

from __future__ import annotations

import time
import uuid
from datetime import datetime
from typing import Annotated, Final

import anyio.to_thread
from fastapi import APIRouter, Header, Query, Response
from pydantic import BaseModel, Field
from sqlmodel import Session as Db
from sqlmodel import select

from api import faults, gradings, jobs, sessions
from api.access import Anyone, Caller, Reader, Recruiter
from api.audit import note
from api.context import Context, DbSession, Service
from api.idempotency import OnceOnly
from api.pages import Cursor, Limit, Page, page
from api.problems import Problem, documented, unknown
from api.routes.sessions import seen, writable
from api.tables import Grading, Role, Session, State, Submission

router = APIRouter(tags=["submissions"], responses=documented(401, 403, 404, 422))
#: The longest that a request with `Prefer: wait` is held, and how often it looks.
MAX_WAIT_S: Final = 30
LOOK_S: Final = 0.1


class SubmissionIn(BaseModel):
    """Code for a task."""

    task: str = Field(max_length=100, examples=["q026-stable-softmax"])
    source: str = Field(max_length=262_144, examples=["def softmax(x, dim=-1):\n    ...\n"])


class SubmissionOut(BaseModel):
    """A submission and where its grading is; `place` counts from 1, the next to be graded."""

    id: uuid.UUID
    session_id: uuid.UUID
    task: str
    number: int
    digest: str = Field(description="SHA-256 of the source.")
    at_deadline: bool = Field(description="Handed in by the clock, from a draft.")
    state: State
    place: int | None
    revision: int
    created_at: datetime
    finished_at: datetime | None


@router.post(
    "/sessions/{session_id}/submissions", status_code=202, response_model=SubmissionOut, responses=documented(409)
)
async def submit(
    service: Service,
    db: DbSession,
    who: Anyone,
    session_id: uuid.UUID,
    given: SubmissionIn,
    once: OnceOnly,
    prefer: Annotated[str | None, Header(examples=["wait=10"])] = None,
) -> Response:
    """Hand in: kept and queued before the answer; with `Prefer: wait=10` the answer comes with the result's state."""
    submission, answer = await anyio.to_thread.run_sync(_taken, service, db, who, session_id, given, once)
    faults.point("accepted")
    wait_s = _wait_s(prefer)
    if not wait_s:
        return answer
    shown_at_last = await _await(service, submission, wait_s)
    headers = {"Location": answer.headers["location"], "Preference-Applied": f"wait={wait_s}"}
    return Response(shown_at_last.model_dump_json(), 202, headers, "application/json")


@router.get("/sessions/{session_id}/submissions")
def list_submissions(
    db: DbSession,
    who: Anyone,
    session_id: uuid.UUID,
    task: Annotated[str | None, Query(max_length=100)] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[SubmissionOut]:
    """What was handed in, of one task or of all."""
    mine = select(Submission).where(Submission.session_id == seen(db, who, session_id).id)
    if task:
        mine = mine.where(Submission.task == task)
    return page(db, mine, Submission, limit, cursor, lambda submission: shown(db, submission))


@router.get("/submissions/{submission_id}")
def get_submission(db: DbSession, who: Anyone, submission_id: uuid.UUID) -> SubmissionOut:
    """Where a submission is."""
    return shown(db, owned(db, who, submission_id))


@router.get("/submissions/{submission_id}/source", response_class=Response)
def get_source(db: DbSession, who: Anyone, submission_id: uuid.UUID) -> Response:
    """The code, byte for byte."""
    source = owned(db, who, submission_id).source
    headers = {"X-Content-Type-Options": "nosniff", "Content-Disposition": 'attachment; filename="solution.py"'}
    return Response(source, media_type="text/plain; charset=utf-8", headers=headers)


@router.post("/submissions/{submission_id}/cancel", responses=documented(409))
def cancel(db: DbSession, who: Recruiter, submission_id: uuid.UUID) -> SubmissionOut:
    """Give up a grading that has no result yet; it uses up no attempt."""
    submission = owned(db, who, submission_id)
    grading = _current(db, submission, locked=True)
    if not gradings.cancel(db, grading, submission):
        raise Problem(409, f"this submission is {grading.state} already")
    note(db, who, "submission.cancel", submission.id)
    db.commit()
    return shown(db, submission)


@router.post("/submissions/{submission_id}/retry", responses=documented(409))
def retry(db: DbSession, who: Recruiter, submission_id: uuid.UUID) -> SubmissionOut:
    """Have a parked submission tried again, three times anew."""
    submission = owned(db, who, submission_id)
    grading = _current(db, submission, locked=True)
    if grading.state is not State.PARKED:
        raise Problem(409, f"only what is parked is retried: this submission is {grading.state}")
    gradings.retry(db, grading, submission)
    note(db, who, "submission.retry", submission.id)
    db.commit()
    return shown(db, submission)


@router.get("/parked", tags=["submissions"])
def list_parked(db: DbSession, who: Reader, limit: Limit = 50, cursor: Cursor = None) -> Page[SubmissionOut]:
    """Submissions that our own faults kept from being graded, for a person to look at."""
    mine = (
        select(Submission)
        .join(Grading, Grading.submission_id == Submission.id)  # type: ignore[arg-type]  # columns, not their values
        .where(
            Submission.organisation_id == who.organisation_id,
            Grading.revision == Submission.revision,  # a batch tells of its own
            Grading.state == State.PARKED,
        )
    )
    return page(db, mine, Submission, limit, cursor, lambda submission: shown(db, submission))


def owned(db: Db, who: Caller, submission_id: uuid.UUID) -> Submission:
    """A submission that the caller may see.

    Raises:
        Problem: 404.
    """
    found = db.get(Submission, submission_id)
    if found is None or found.organisation_id != who.organisation_id:
        raise unknown("submission")
    if who.role is Role.CANDIDATE and who.session_id != found.session_id:
        raise unknown("submission")
    return found


def shown(db: Db, submission: Submission) -> SubmissionOut:
    """A submission as it travels."""
    return _told(db, submission, _current(db, submission))


def _told(db: Db, submission: Submission, grading: Grading) -> SubmissionOut:
    return SubmissionOut(
        **submission.model_dump(include=set(SubmissionOut.model_fields)),
        state=grading.state,
        place=jobs.places(db, submission.session_id).get(submission.id) if grading.state is State.QUEUED else None,
        finished_at=grading.finished_at,
    )


def _taken(
    service: Context, db: Db, who: Caller, session_id: uuid.UUID, given: SubmissionIn, once: OnceOnly
) -> tuple[uuid.UUID, Response]:
    session: Session = writable(db, who, session_id)
    source = given.source.encode("utf-8", "surrogatepass")
    submission, grading = sessions.hand_in(db, service.catalogue, session, given.task, source)
    db.flush()
    body = _told(db, submission, grading)
    return submission.id, once.answer(202, body, {"Location": f"/api/v1/submissions/{submission.id}"})


def _current(db: Db, submission: Submission, *, locked: bool = False) -> Grading:
    mine = select(Grading).where(Grading.submission_id == submission.id, Grading.revision == submission.revision)
    return db.exec(mine.with_for_update() if locked else mine).one()


async def _await(service: Context, submission_id: uuid.UUID, wait_s: int) -> SubmissionOut:
    """The submission once it is done, or as it is when the time is over."""
    give_up_at = time.monotonic() + wait_s
    while True:
        found = await anyio.to_thread.run_sync(_look, service, submission_id)
        if found.state not in (State.QUEUED, State.RUNNING) or time.monotonic() > give_up_at:
            return found
        await anyio.sleep(LOOK_S)


def _look(service: Context, submission_id: uuid.UUID) -> SubmissionOut:
    with service.database.session() as db:
        return shown(db, db.get_one(Submission, submission_id))


def _wait_s(prefer: str | None) -> int:
    """The seconds that `Prefer: wait=…` asks for, as many as are granted."""
    for item in (prefer or "").split(","):
        name, _, value = item.strip().partition("=")
        if name.strip().lower() == "wait" and value.isascii() and value.isdigit():
            return min(int(value[:6]), MAX_WAIT_S)
    return 0
