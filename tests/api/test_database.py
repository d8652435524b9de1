from __future__ import annotations

from alembic import command

from api.database import Database


def test_migrations(database: Database) -> None:
    """What the migrations make is what the tables say; to migrate again changes nothing."""
    database.migrate()
    with database.engine.connect() as connection:
        command.check(database.alembic(connection))
