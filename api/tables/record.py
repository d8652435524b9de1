"""What is written down as it happens: events, the audit log, answers to be repeated, and how often somebody called."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel

from api.tables.columns import Id, Moment, created, json, moment, owner


class Event(SQLModel, table=True):
    """Something that whoever watches a session is told; `id` is what `Last-Event-ID` names."""

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    session_id: Id = Field(foreign_key="session.id", index=True, ondelete="CASCADE")
    kind: str
    data: dict[str, Any] = json()
    created_at: Moment = created()


class AuditEntry(SQLModel, table=True):
    """Who did what to which thing."""

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    organisation_id: Id = owner()
    actor: str
    action: str
    target: str
    data: dict[str, Any] = json(default_factory=dict)
    created_at: Moment = created()


class LaneLoss(SQLModel, table=True):
    """Lanes that a worker had to replace: candidate code was not to be got out of one, or it broke."""

    __tablename__ = "lane_loss"

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    worker: str
    lanes: int
    created_at: Moment = created()


class IdempotentAnswer(SQLModel, table=True):
    """The first answer to a request with an `Idempotency-Key`, to be given again."""

    __tablename__ = "idempotent_answer"

    caller: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    fingerprint: bytes
    status: int = 0
    headers: dict[str, str] = json(default_factory=dict)
    body: bytes = b""
    created_at: Moment = created()


class Rate(SQLModel, table=True):
    """How often a caller wrote within one minute; lost with a crash, and nothing is lost with it."""

    __table_args__ = {"prefixes": ["UNLOGGED"]}

    caller: str = Field(primary_key=True)
    minute: Moment = moment(primary_key=True)
    count: int
