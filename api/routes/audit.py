"""The audit log, for admins."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from sqlmodel import col, select

from api.access import Admin
from api.context import DbSession
from api.pages import Limit
from api.problems import documented
from api.tables import AuditEntry

router = APIRouter(prefix="/audit", tags=["audit"], responses=documented(401, 403, 422))


class AuditOut(BaseModel):
    """Who did what."""

    id: int
    actor: str = Field(examples=["Grace Hopper <grace@example.org>"])
    action: str = Field(examples=["assessment.create"])
    target: str
    data: dict[str, Any]
    created_at: datetime


class AuditPage(BaseModel):
    """Some of the log, newest first."""

    items: list[AuditOut]
    next: int | None = Field(None, description="Pass it as `cursor` to get what came before.")


@router.get("")
def list_audit(
    db: DbSession, who: Admin, limit: Limit = 50, cursor: Annotated[int | None, Query(ge=1, lt=2**63)] = None
) -> AuditPage:
    """What was done, newest first."""
    mine = select(AuditEntry).where(AuditEntry.organisation_id == who.organisation_id)
    if cursor:
        mine = mine.where(col(AuditEntry.id) < cursor)
    rows = db.exec(mine.order_by(col(AuditEntry.id).desc()).limit(limit + 1)).all()
    items = [AuditOut.model_validate(row, from_attributes=True) for row in rows[:limit]]
    return AuditPage(items=items, next=items[-1].id if len(rows) > limit else None)
