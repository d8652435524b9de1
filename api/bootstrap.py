"""The first start: an organisation, and the key by which its first admin gets in."""

from __future__ import annotations

from sqlalchemy import text
from sqlmodel import Session as Db
from sqlmodel import select

from api import secrets
from api.database import Database
from api.tables import Kind, Organisation, Role, Token

#: Two services that start at once make one organisation.
FIRST = text("SELECT pg_advisory_xact_lock(4096072)")


def first_key(database: Database) -> str | None:
    """The admin's key of an organisation made now; None if there is one already."""
    with database.session() as db:
        db.connection().execute(FIRST)
        if db.exec(select(Organisation)).first():
            return None
        key = new_organisation(db, "My organisation")
        db.commit()
        return key


def new_organisation(db: Db, name: str) -> str:
    """An organisation and a key for its admin; whoever commits makes it so."""
    organisation = Organisation(name=name)
    db.add(organisation)
    db.flush()
    key = secrets.new(secrets.PREFIXES[Kind.KEY])
    db.add(
        Token(
            organisation_id=organisation.id,
            kind=Kind.KEY,
            role=Role.ADMIN,
            name="first admin",
            start=key[: secrets.SHOWN],
            hash=secrets.hashed(key),
        )
    )
    return key
