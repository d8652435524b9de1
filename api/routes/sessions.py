"""Sessions: what a candidate has left to do and until when, drafts kept as they are written, and live events."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field
from sqlmodel import Session as Db
from sqlmodel import select

from api import events, sessions
from api.access import Anyone, Caller, Finisher, Reader, Recruiter
from api.audit import note
from api.context import DbSession, Service
from api.database import now
from api.erasure import erase
from api.pages import Cursor, Limit, Page, page
from api.problems import Problem, documented, unknown
from api.routes.assessments import TaskIn
from api.tables import Assessment, Draft, Role, Session

router = APIRouter(prefix="/sessions", tags=["sessions"], responses=documented(401, 403, 404, 422))
EVENTS: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}, "description": "Events, as they come."}
}


class SessionOut(BaseModel):
    """A session; `now` is the server's clock, by which it ends."""

    id: uuid.UUID
    assessment_id: uuid.UUID
    name: str
    email: str
    language: str
    tasks: list[TaskIn]
    attempts: int
    started_at: datetime
    ends_at: datetime
    finished_at: datetime | None
    now: datetime


class DraftIn(BaseModel):
    """What is written so far."""

    source: str = Field(max_length=262_144, examples=["def softmax(x, dim=-1):\n    ...\n"])


class DraftOut(DraftIn):
    """A draft and its version, which the header `ETag` repeats; version 0 is the starter."""

    task: str
    version: int
    saved_at: datetime | None


class MoreTime(BaseModel):
    """An accommodation."""

    extra_minutes: int = Field(ge=1, le=10_000, examples=[15])
    reason: str = Field(min_length=1, max_length=2000, examples=["the fire alarm went off"])


@router.get("")
def list_sessions(
    db: DbSession,
    who: Reader,
    assessment_id: Annotated[uuid.UUID | None, Query()] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[SessionOut]:
    """The organisation's sessions, of one assessment or of all."""
    mine = select(Session).where(Session.organisation_id == who.organisation_id)
    if assessment_id:
        mine = mine.where(Session.assessment_id == assessment_id)
    return page(db, mine, Session, limit, cursor, lambda session: shown(db, session))


@router.get("/{session_id}")
def get_session(db: DbSession, who: Anyone, session_id: uuid.UUID) -> SessionOut:
    """One session: the own for a candidate."""
    return shown(db, seen(db, who, session_id))


@router.post("/{session_id}/finish")
def finish(service: Service, db: DbSession, who: Finisher, session_id: uuid.UUID) -> SessionOut:
    """End it before its time; drafts that were not handed in as they stand are handed in."""
    seen(db, who, session_id)
    session = sessions.locked(db, session_id)
    assert session is not None
    sessions.finish(db, service.catalogue, session)
    note(db, who, "session.finish", session.id)
    db.commit()
    return shown(db, session)


@router.post("/{session_id}/time", responses=documented(409))
def give_time(db: DbSession, who: Recruiter, session_id: uuid.UUID, given: MoreTime) -> SessionOut:
    """Give a candidate who is at work more time."""
    seen(db, who, session_id)
    session = sessions.locked(db, session_id)
    assert session is not None
    sessions.require_open(db, session)
    session.ends_at += timedelta(minutes=given.extra_minutes)
    db.add(session)
    events.tell(db, session.id, "session", {"state": "extended", "ends_at": session.ends_at.isoformat()})
    note(db, who, "session.time", session.id, **given.model_dump())
    db.commit()
    return shown(db, session)


@router.delete("/{session_id}", status_code=204)
def forget(db: DbSession, who: Recruiter, session_id: uuid.UUID) -> None:
    """Erase a candidate: name, address and code go for ever, points stay."""
    seen(db, who, session_id)
    session = sessions.locked(db, session_id)
    assert session is not None
    if session.erased_at is None:
        erase(db, session)
        note(db, who, "session.erase", session.id)
    db.commit()


@router.get("/{session_id}/drafts/{task_id}")
def get_draft(
    service: Service, db: DbSession, who: Anyone, session_id: uuid.UUID, task_id: str, response: Response
) -> DraftOut:
    """The draft, or the starter where nothing was saved."""
    session = seen(db, who, session_id)
    _require_asked(db, session, task_id)
    found = db.get(Draft, (session_id, task_id))
    response.headers["ETag"] = f'"{found.version if found else 0}"'
    if found:
        source = found.source.decode("utf-8", "replace")
        return DraftOut(task=task_id, version=found.version, source=source, saved_at=found.saved_at)
    return DraftOut(task=task_id, version=0, source=service.catalogue.get(task_id).starter, saved_at=None)


@router.put("/{session_id}/drafts/{task_id}", responses=documented(409, 412, 428))
def put_draft(
    db: DbSession,
    who: Anyone,
    session_id: uuid.UUID,
    task_id: str,
    given: DraftIn,
    response: Response,
    if_match: Annotated[str | None, Header(examples=['"3"'])] = None,
) -> DraftOut:
    """Save a draft over the version that `If-Match` names: another tab's work is never lost unseen."""
    session = writable(db, who, session_id)
    _require_asked(db, session, task_id)
    if if_match is None:
        raise Problem(428, 'say which version you have read: If-Match: "0" for the starter')
    found = db.exec(
        select(Draft).where(Draft.session_id == session_id, Draft.task == task_id).with_for_update()
    ).first()
    version = found.version if found else 0
    if if_match.strip().removeprefix("W/").strip('"') != str(version):
        raise Problem(412, f"version {version} was saved meanwhile: read it again", {"ETag": f'"{version}"'})
    source = given.source.encode("utf-8", "surrogatepass")
    sessions.require_source(task_id, source)
    draft = found or Draft(session_id=session_id, task=task_id, version=0, source=b"")
    draft.version, draft.source, draft.saved_at = version + 1, source, now(db)
    db.add(draft)
    db.commit()
    response.headers["ETag"] = f'"{draft.version}"'
    return DraftOut(task=task_id, version=draft.version, source=given.source, saved_at=draft.saved_at)


@router.get("/{session_id}/events", response_class=StreamingResponse, responses=EVENTS)
def follow(
    service: Service,
    db: DbSession,
    who: Anyone,
    session_id: uuid.UUID,
    last_event_id: Annotated[str | None, Header(examples=["41"])] = None,
) -> StreamingResponse:
    """What happens in a session, as server-sent events, from the one after `Last-Event-ID` on.

    `submission` and `run` tell of a new `state`, `session` that it was `extended` or `finished`, `draft` that one could
    not be handed in at the end. These are kept and have an `id`. What passes has none: `place` in the queue, and
    `progress`, how many checks are `done` of the `total`, in which `part`, and whether that has a `budget` to measure.
    """
    seen(db, who, session_id)
    after = int(last_event_id) if last_event_id and last_event_id.isascii() and last_event_id.isdigit() else 0
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    stream = events.follow(service, session_id, min(after, 2**62))
    return StreamingResponse(stream, media_type="text/event-stream", headers=headers)


def seen(db: Db, who: Caller, session_id: uuid.UUID) -> Session:
    """A session that the caller may see: a candidate the own, others those of their organisation.

    Raises:
        Problem: 404.
    """
    found = db.get(Session, session_id)
    if found is None or found.organisation_id != who.organisation_id:
        raise unknown("session")
    if who.role is Role.CANDIDATE and who.session_id != session_id:
        raise unknown("session")
    return found


def writable(db: Db, who: Caller, session_id: uuid.UUID) -> Session:
    """The caller's own session, locked and open.

    Raises:
        Problem: 404, 403 for staff, or 409 after its end.
    """
    if who.role is not Role.CANDIDATE:
        seen(db, who, session_id)
        raise Problem(403, "only the candidate writes in a session")
    found = sessions.locked(db, session_id) if who.session_id == session_id else None
    if found is None:
        raise unknown("session")
    sessions.require_open(db, found)
    return found


def shown(db: Db, session: Session) -> SessionOut:
    """A session as it travels."""
    assessment = db.get_one(Assessment, session.assessment_id)
    own = session.model_dump(include=set(SessionOut.model_fields))
    tasks = [TaskIn(**one) for one in assessment.tasks]
    return SessionOut(**own, tasks=tasks, attempts=assessment.attempts, now=now(db))


def _require_asked(db: Db, session: Session, task_id: str) -> None:
    assessment = db.get_one(Assessment, session.assessment_id)
    if all(one["task"] != task_id for one in assessment.tasks):
        raise unknown("task in this assessment")
