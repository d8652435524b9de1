"""Runs: code tried against the public tests, free of charge and never scored."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field
from sqlmodel import col, func, select

from api import runs, sessions
from api.access import Anyone
from api.context import DbSession, Service
from api.idempotency import OnceOnly
from api.problems import Problem, documented, unknown
from api.routes.sessions import writable
from api.routes.submissions import SubmissionIn
from api.tables import Assessment, Role, Run, State

router = APIRouter(tags=["runs"], responses=documented(401, 403, 404, 422))


class RunOut(BaseModel):
    """A run; `result` holds each public test with its outcome and message, once it is done."""

    id: uuid.UUID
    session_id: uuid.UUID
    task: str
    state: State
    result: dict[str, Any] | None = Field(description="As `forwardpass try --json` prints it.")
    created_at: datetime
    finished_at: datetime | None


@router.post("/sessions/{session_id}/runs", status_code=202, response_model=RunOut, responses=documented(409))
def try_out(
    service: Service, db: DbSession, who: Anyone, session_id: uuid.UUID, given: SubmissionIn, once: OnceOnly
) -> Response:
    """Have the public tests run."""
    session = writable(db, who, session_id)
    parts = sessions.asked(db.get_one(Assessment, session.assessment_id), given.task)
    source = given.source.encode("utf-8", "surrogatepass")
    sessions.require_source(given.task, source)
    _require_room(service.settings.waiting_runs, db.exec(_waiting(session_id)).one())
    run = Run(
        organisation_id=session.organisation_id, session_id=session.id, task=given.task, parts=parts, source=source
    )
    runs.queue_up(db, run)
    db.flush()
    db.refresh(run)
    return once.answer(202, shown(run), {"Location": f"/api/v1/runs/{run.id}"})


@router.get("/runs/{run_id}")
def get_run(db: DbSession, who: Anyone, run_id: uuid.UUID) -> RunOut:
    """Where a run is, and what came of it."""
    found = db.get(Run, run_id)
    if found is None or found.organisation_id != who.organisation_id:
        raise unknown("run")
    if who.role is Role.CANDIDATE and who.session_id != found.session_id:
        raise unknown("run")
    return shown(found)


def shown(run: Run) -> RunOut:
    """A run as it travels."""
    return RunOut.model_validate(run, from_attributes=True)


def _waiting(session_id: uuid.UUID) -> Any:
    open_ones = col(Run.state).in_([State.QUEUED, State.RUNNING])
    return select(func.count()).where(Run.session_id == session_id, open_ones)


def _require_room(most: int, waiting: int) -> None:
    if waiting >= most:
        raise Problem(409, f"{waiting} runs of this session are under way: wait for one to end")
