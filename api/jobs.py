"""The queue: what a job is called, where it waits and how urgently, written in the transaction that makes it needed."""

from __future__ import annotations

import uuid
from enum import IntEnum
from functools import cache
from typing import Any, Final

from procrastinate import App, SyncPsycopgConnector
from sqlmodel import Session as Db
from sqlmodel import col, func, select, text

from api.database import connection_of
from api.tables import Grading, Run, State

GRADE: Final = "grade"
RUN: Final = "run"
CPU: Final = "cpu"
GPU: Final = "gpu"
#: How many places an organisation's jobs fall behind those of others, one for each that it has waiting.
LARGEST_STEP: Final = 90
#: Of gradings: nobody waits for them or works at them.
GONE: Final = text(
    "NOT EXISTS (SELECT FROM procrastinate_jobs job WHERE job.id = grading.job_id AND job.status IN ('todo', 'doing'))"
)
PLACES: Final = text("""
    SELECT submission.id, count(*) FROM submission
    JOIN grading ON grading.submission_id = submission.id AND grading.revision = submission.revision
    JOIN procrastinate_jobs mine ON mine.id = grading.job_id AND mine.status = 'todo'
    JOIN procrastinate_jobs other ON other.status = 'todo' AND other.queue_name = mine.queue_name
        AND (other.priority, -other.id) >= (mine.priority, -mine.id)
    WHERE submission.session_id = :session AND grading.state = 'queued' GROUP BY 1
""")


class Urgency(IntEnum):
    """What waits longest for whom: a person at the keyboard, one who hands in, a machine."""

    BATCH = 100
    SUBMISSION = 200
    RUN = 300


@cache
def queue() -> App:
    """Procrastinate, for writing jobs on connections of ours."""
    return App(connector=SyncPsycopgConnector())


def put(db: Db, task: str, queue_name: str, priority: int, wait_s: int = 0, **arguments: Any) -> int:
    """Write a job down in the running transaction; its number."""
    later = {"schedule_in": {"seconds": wait_s}} if wait_s else {}
    db.flush()
    job = queue().configure_task(
        task,
        queue=queue_name,
        priority=priority,
        connection=connection_of(db),
        **later,  # type: ignore[arg-type]
    )
    return job.defer(**arguments)


def enqueue(db: Db, grading: Grading, urgency: Urgency, wait_s: int = 0) -> None:
    """Have a grading done."""
    waiting = select(func.count()).where(
        Grading.organisation_id == grading.organisation_id, Grading.state == State.QUEUED
    )
    priority = urgency - min(LARGEST_STEP, db.exec(waiting).one())
    grading.job_id = put(db, GRADE, grading.queue, priority, wait_s, grading_id=str(grading.id))
    db.add(grading)


def enqueue_run(db: Db, run: Run) -> None:
    """Have the public tests run."""
    waiting = select(func.count()).where(Run.organisation_id == run.organisation_id, col(Run.state) == State.QUEUED)
    put(db, RUN, CPU, Urgency.RUN - min(LARGEST_STEP, db.exec(waiting).one()), run_id=str(run.id))


def places(db: Db, session_id: uuid.UUID) -> dict[uuid.UUID, int]:
    """By submission of a session that waits to be graded: how many jobs are before its own, itself counted."""
    rows = db.connection().execute(PLACES, {"session": session_id}).all()
    return {submission_id: int(place) for submission_id, place in rows}


def identity(text_of: str) -> uuid.UUID:
    """An identifier that travelled in a job's arguments."""
    return uuid.UUID(text_of)
