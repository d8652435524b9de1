"""What every request needs of the running service: its settings, its database, its task bank, its ears."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request
from sqlmodel import Session as Db

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


def context(request: Request) -> Context:
    """The service that answers this request."""
    found: Context = request.app.state.context
    return found


def session(request: Request) -> Iterator[Db]:
    """A transaction for this request, which the route commits before it answers."""
    with context(request).database.session() as db:
        yield db


Service = Annotated[Context, Depends(context)]
DbSession = Annotated[Db, Depends(session, scope="function")]
