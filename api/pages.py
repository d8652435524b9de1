"""Lists in pages: newest first, `cursor` names the last one seen, `next` is absent at the end."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Annotated, Generic, Protocol, TypeVar

from fastapi import Query
from pydantic import BaseModel, Field
from sqlmodel import Session as Db
from sqlmodel import col
from sqlmodel.sql.expression import SelectOfScalar

Limit = Annotated[int, Query(ge=1, le=200, description="How many at most.")]
Cursor = Annotated[uuid.UUID | None, Query(description="`next` of the page before.")]


class Row(Protocol):
    """A table whose identifiers sort by time."""

    id: uuid.UUID


Table = TypeVar("Table", bound=Row)
Shown = TypeVar("Shown")


class Page(BaseModel, Generic[Shown]):
    """Some of a list."""

    items: list[Shown]
    next: uuid.UUID | None = Field(None, description="Pass it as `cursor` to get what follows.")


def page(
    db: Db,
    query: SelectOfScalar[Table],
    table: type[Table],
    limit: int,
    cursor: uuid.UUID | None,
    show: Callable[[Table], Shown],
) -> Page[Shown]:
    """One page of what a query finds."""
    if cursor is not None:
        query = query.where(col(table.id) < cursor)
    rows = db.exec(query.order_by(col(table.id).desc()).limit(limit + 1)).all()
    return Page(items=[show(row) for row in rows[:limit]], next=rows[limit - 1].id if len(rows) > limit else None)
