"""One candidate's attempt at an assessment: drafts, runs, submissions, and what a person scored in words."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Index, func
from sqlmodel import Field, SQLModel, UniqueConstraint

from api.tables.columns import Id, Moment, choice, created, identity, json, maybe, moment, owner
from api.tables.grading import State


class Session(SQLModel, table=True):
    """A candidate at work; the clock is the database's. Erased, it keeps results and neither name nor code."""

    id: Id = identity()
    organisation_id: Id = owner()
    assessment_id: Id = Field(foreign_key="assessment.id", index=True)
    invitation_id: Id = Field(foreign_key="invitation.id", unique=True)
    name: str
    email: str
    language: str
    started_at: Moment = moment(sa_column_kwargs={"server_default": func.now()}, default=None)
    ends_at: Moment = moment(index=True)
    finished_at: Moment | None = maybe()
    erased_at: Moment | None = maybe()


class Draft(SQLModel, table=True):
    """What a candidate has written so far for one task; `version` grows with every save."""

    session_id: Id = Field(foreign_key="session.id", primary_key=True, ondelete="CASCADE")
    task: str = Field(primary_key=True)
    version: int
    source: bytes
    saved_at: Moment = created()


class Submission(SQLModel, table=True):
    """Code handed in, byte for byte; `revision` is that of the grading whose result counts."""

    __table_args__ = (UniqueConstraint("session_id", "task", "number"), Index("by_task", "organisation_id", "task"))

    id: Id = identity()
    organisation_id: Id = Field(foreign_key="organisation.id")
    assessment_id: Id = Field(foreign_key="assessment.id", index=True)
    session_id: Id = Field(foreign_key="session.id", ondelete="CASCADE")
    task: str
    parts: list[str] = json()
    number: int
    source: bytes
    digest: str = Field(index=True)
    seed: int = Field(sa_type=BigInteger)
    at_deadline: bool = False
    revision: int = 1
    created_at: Moment = created()


class Run(SQLModel, table=True):
    """Code tried against the public tests: free, never scored, forgotten with its session."""

    id: Id = identity()
    organisation_id: Id = owner()
    session_id: Id = Field(foreign_key="session.id", index=True, ondelete="CASCADE")
    task: str
    parts: list[str] = json()
    source: bytes
    state: State = choice(State, default=State.QUEUED)
    epoch: int = 0
    tries: int = 0
    result: dict[str, Any] | None = json(default=None, nullable=True)
    created_at: Moment = created()
    finished_at: Moment | None = maybe()


class Score(SQLModel, table=True):
    """Points that a person gave for a follow-up answered in words; the latest counts, and all are kept."""

    id: Id = identity()
    organisation_id: Id = owner()
    session_id: Id = Field(foreign_key="session.id", index=True, ondelete="CASCADE")
    task: str
    follow_up: int
    points: int
    max_points: int
    reason: str
    author_id: Id | None = Field(default=None, foreign_key="person.id", ondelete="SET NULL")
    created_at: Moment = created()
