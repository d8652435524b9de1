"""Many submissions graded again, as a proposal that a person applies or discards."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlmodel import Field, SQLModel

from api.tables.columns import Id, Moment, choice, created, identity, json, maybe, owner


class BatchState(StrEnum):
    """Where a batch is."""

    GRADING = "grading"
    PROPOSED = "proposed"
    APPLIED = "applied"
    DISCARDED = "discarded"


class Batch(SQLModel, table=True):
    """What was picked and why; its gradings hold what came of it."""

    id: Id = identity()
    organisation_id: Id = owner()
    selection: dict[str, Any] = json()
    reason: str
    state: BatchState = choice(BatchState, default=BatchState.GRADING)
    created_by: Id | None = Field(default=None, foreign_key="person.id", ondelete="SET NULL")
    decided_by: Id | None = Field(default=None, foreign_key="person.id", ondelete="SET NULL")
    created_at: Moment = created()
    decided_at: Moment | None = maybe()
