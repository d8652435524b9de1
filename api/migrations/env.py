"""How Alembic runs: on the connection that `Database.migrate` hands it, or on DATABASE_URL when called by itself."""

from __future__ import annotations

import os
from typing import Any

from alembic import context
from sqlalchemy import Connection
from sqlmodel import SQLModel

import api.tables  # noqa: F401  # fills the metadata
from api.database import Database


def ours(name: str | None, kind: str, parent_names: Any) -> bool:
    """Whether a table is this service's, and not the job queue's."""
    return kind != "table" or not (name or "").startswith("procrastinate")


def run(connection: Connection) -> None:
    """Bring the schema up to date in one transaction."""
    context.configure(connection=connection, target_metadata=SQLModel.metadata, include_name=ours)
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    with Database(os.environ["DATABASE_URL"]).engine.begin() as opened:
        run(opened)
