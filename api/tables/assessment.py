"""What candidates are asked: assessments, and the invitations to them."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlmodel import Field, SQLModel

from api.tables.columns import Id, Moment, choice, created, identity, json, maybe, moment, owner
from grader.schema import Level


class Disclosure(StrEnum):
    """What a candidate learns of the own results: nothing, the verdict, or the sentences of failed checks too."""

    NONE = "none"
    VERDICT = "verdict"
    REPORT = "report"


class Assessment(SQLModel, table=True):
    """Tasks with the parts that are asked. `tasks` holds `{"task": id, "parts": [id, …]}` in their order."""

    id: Id = identity()
    organisation_id: Id = owner()
    title: str
    level: Level = choice(Level)
    language: str = "en"
    tasks: list[dict[str, Any]] = json()
    minutes: int
    attempts: int
    disclosure: Disclosure = choice(Disclosure)
    retention_days: int
    created_by: Id | None = Field(default=None, foreign_key="person.id", ondelete="SET NULL")
    created_at: Moment = created()
    archived_at: Moment | None = maybe()


class Invitation(SQLModel, table=True):
    """One candidate's way in, once: the link holds a token of which only the hash is kept.

    One that was renewed after its use leads back into the session that it began.
    """

    id: Id = identity()
    organisation_id: Id = owner()
    assessment_id: Id = Field(foreign_key="assessment.id", index=True)
    name: str
    email: str
    hash: bytes = Field(unique=True)
    extra_minutes: int = 0
    expires_at: Moment = moment()
    used_at: Moment | None = maybe()
    renewed_at: Moment | None = maybe()
    revoked_at: Moment | None = maybe()
    created_by: Id | None = Field(default=None, foreign_key="person.id", ondelete="SET NULL")
    created_at: Moment = created()
