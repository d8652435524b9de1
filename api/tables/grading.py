"""How submissions are judged: gradings by revision, the attempts at each, and the one result of it."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel, UniqueConstraint

from api.tables.columns import Id, Moment, choice, created, identity, json, maybe


class State(StrEnum):
    """Where a grading or a run is; the last three are final, `parked` until a person says go on."""

    QUEUED = "queued"
    RUNNING = "running"
    PARKED = "parked"
    DONE = "done"
    CANCELLED = "cancelled"


class Grading(SQLModel, table=True):
    """One judging of a submission; `epoch` grows with every attempt, and only the latest may commit a result.

    `base` is the revision that a batch compares it with.
    """

    __table_args__ = (UniqueConstraint("submission_id", "revision"),)

    id: Id = identity()
    organisation_id: Id = Field(foreign_key="organisation.id")
    submission_id: Id = Field(foreign_key="submission.id", ondelete="CASCADE")
    revision: int
    batch_id: Id | None = Field(default=None, foreign_key="batch.id", index=True)
    base: int | None = None
    queue: str
    job_id: int | None = Field(default=None, sa_type=BigInteger)
    state: State = choice(State, default=State.QUEUED, index=True)
    epoch: int = 0
    tries: int = 0
    created_at: Moment = created()
    finished_at: Moment | None = maybe()


class Attempt(SQLModel, table=True):
    """One try of one worker; `outcome` is empty while it goes on, or if the worker died."""

    grading_id: Id = Field(foreign_key="grading.id", primary_key=True, ondelete="CASCADE")
    epoch: int = Field(primary_key=True)
    worker: str
    outcome: str = ""
    message: str = ""
    started_at: Moment = created()
    finished_at: Moment | None = maybe()


class Result(SQLModel, table=True):
    """What came of a grading; written once and, the database sees to it, never changed."""

    grading_id: Id = Field(foreign_key="grading.id", primary_key=True, ondelete="CASCADE")
    verdict: str = Field(index=True)
    points: int
    max_points: int
    task_digest: str = Field(index=True)
    report: dict[str, Any] = json()
    created_at: Moment = created()
