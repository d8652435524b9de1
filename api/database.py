"""The way to PostgreSQL: connections, transactions, and the schema brought up to date."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Final

import psycopg
from alembic import command
from alembic.config import Config
from psycopg import conninfo
from sqlalchemy import Engine, create_engine
from sqlmodel import Session as Db
from sqlmodel import func, select, text

MIGRATIONS: Final = Path(__file__).parent / "migrations"
#: Any number that nobody else takes: two services that start at once migrate one after the other.
MIGRATING: Final = 4_096_071
STATEMENT_TIMEOUT_MS: Final = 15_000
LOCK_TIMEOUT_MS: Final = 5_000
#: A network that swallows everything is noticed by both ends within half a minute: here, so that work goes on over
#: another connection, and there, so that a transaction nobody will end holds no rows.
HERE: Final = {
    "connect_timeout": 10,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
THERE: Final[dict[str, object]] = {
    "tcp_keepalives_idle": "15s",
    "tcp_keepalives_interval": "5s",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "20s",
    "idle_in_transaction_session_timeout": "60s",
}


class Database:
    """One database, and the connections to it that this process keeps."""

    def __init__(self, url: str, *, pool: int = 10) -> None:
        self.url, self._pool = url, pool

    @property
    def conninfo(self) -> str:
        """How whoever needs a connection of another kind connects."""
        return conninfo.make_conninfo(self.url, **HERE, options=_options(THERE))

    @cached_property
    def engine(self) -> Engine:
        """The pool; a connection that died is replaced when it is next wanted."""
        limits = {"statement_timeout": STATEMENT_TIMEOUT_MS, "lock_timeout": LOCK_TIMEOUT_MS}
        return create_engine(
            self.url.replace("postgres://", "postgresql://").replace("postgresql://", "postgresql+psycopg://", 1),
            pool_size=self._pool,
            max_overflow=0,
            pool_timeout=10,
            pool_pre_ping=True,
            pool_recycle=1800,
            hide_parameters=True,  # an error that is logged names no values: they are code and people
            connect_args={**HERE, "options": _options(THERE | limits)},
        )

    @cached_property
    def alone(self) -> Engine:
        """The same connections for statements that are transactions by themselves."""
        return self.engine.execution_options(isolation_level="AUTOCOMMIT")

    def begin(self) -> Db:
        """A transaction that its user commits and closes; what is not committed then is undone."""
        return Db(self.engine, expire_on_commit=False)

    @contextlib.contextmanager
    def session(self) -> Iterator[Db]:
        """The same for as long as this lasts."""
        with self.begin() as db:
            yield db

    def migrate(self) -> None:
        """Bring the schema up to date; whoever comes second waits and finds it done."""
        with self.engine.connect() as connection:
            connection.execute(text("SET statement_timeout = 0; SET lock_timeout = 0"))
            connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": MIGRATING})
            connection.commit()
            try:
                command.upgrade(self.alembic(connection), "head")
                connection.commit()
            finally:
                connection.rollback()
                connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": MIGRATING})
                connection.commit()
                connection.invalidate()  # its settings are not those of the pool

    def alembic(self, connection: object) -> Config:
        """Alembic's configuration, on a connection of ours."""
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        return config

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def _options(parameters: Mapping[str, object]) -> str:
    """Parameters of the server for one connection."""
    return " ".join(f"-c {name}={value}" for name, value in parameters.items())


def now(db: Db) -> datetime:
    """The database's clock as it stood when the running transaction began, asked for once in each."""
    transaction, found = db.info.get("now", (None, None))
    if found is None or transaction is not db.get_transaction():
        found = db.exec(select(func.now())).one()
        keep_now(db, found)
    assert isinstance(found, datetime)
    return found


def keep_now(db: Db, found: datetime) -> None:
    """Remember it where a query of the running transaction told it along with something else."""
    db.info["now"] = db.get_transaction(), found


def connection_of(db: Db) -> psycopg.Connection[tuple[object, ...]]:
    """The driver's connection in which a transaction runs."""
    found = db.connection().connection.driver_connection
    assert isinstance(found, psycopg.Connection)
    return found
