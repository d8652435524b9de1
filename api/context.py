"""What every request needs of the running service: its settings, its database, its task bank, its ears.

A request takes several turns on a thread and keeps one connection meanwhile. So only as many are let in at a time as
there are connections for, each and one more for a short errand; the others wait where they hold nothing. Were all of
them let in, those with a connection would wait for a thread, and those with a thread for a connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request
from sqlmodel import Session as Db
from starlette.concurrency import run_in_threadpool

from api.catalogue import Catalogue
from api.database import Database
from api.hub import Hub
from api.settings import Settings


@dataclass
class Context:
    """The running service."""

    settings: Settings
    database: Database
    catalogue: Catalogue
    hub: Hub = field(default_factory=Hub)
    door: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        """Open the door as wide as the pool of connections allows."""
        self.door = asyncio.Semaphore(self.settings.pool // 2)


def context(request: Request) -> Context:
    """The service that answers this request."""
    found: Context = request.app.state.context
    return found


async def session(request: Request) -> AsyncIterator[Db]:
    """A transaction for this request, which the route commits before it answers."""
    service = context(request)
    async with service.door:
        db = service.database.begin()
        try:
            yield db
        finally:
            await run_in_threadpool(db.close)


Service = Annotated[Context, Depends(context)]
DbSession = Annotated[Db, Depends(session, scope="function")]
