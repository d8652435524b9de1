"""Where other systems want to be told, and every attempt to tell them."""

from __future__ import annotations

from typing import Any

from sqlmodel import Field, SQLModel

from api.tables.columns import Id, Moment, created, identity, json, maybe, owner


class Webhook(SQLModel, table=True):
    """A URL that is told of `events`; `secret` signs what it gets, so it has to be kept as it is."""

    id: Id = identity()
    organisation_id: Id = owner()
    url: str
    events: list[str] = json()
    secret: bytes
    created_at: Moment = created()
    disabled_at: Moment | None = maybe()


class Delivery(SQLModel, table=True):
    """One message to one webhook: tried until it is taken or given up."""

    id: Id = identity()
    organisation_id: Id = owner()
    webhook_id: Id = Field(foreign_key="webhook.id", index=True, ondelete="CASCADE")
    event: str
    payload: dict[str, Any] = json()
    tries: int = 0
    status: int | None = None
    error: str = ""
    created_at: Moment = created()
    next_at: Moment | None = maybe(index=True)
    delivered_at: Moment | None = maybe()
