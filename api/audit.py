"""The audit log: who did what, written in the transaction that does it."""

from __future__ import annotations

from typing import Any

from sqlmodel import Session as Db

from api.access import Caller
from api.tables import AuditEntry


def note(db: Db, who: Caller, action: str, target: object, **data: Any) -> None:
    """Write down that `who` did something."""
    db.add(
        AuditEntry(organisation_id=who.organisation_id, actor=who.name, action=action, target=str(target), data=data)
    )
