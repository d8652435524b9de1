"""What is due by the clock: sessions whose time is over, data whose time is over, gradings that lost their job."""

from __future__ import annotations

from sqlalchemy import text
from sqlmodel import Session as Db
from sqlmodel import col, func, select

from api import gradings, jobs, sessions
from api.catalogue import Catalogue
from api.database import Database
from api.erasure import ERASED, erase
from api.tables import Assessment, Grading, Session, State

#: How long answers to repeated requests, counts of callers and names on invitations that nobody used are kept.
FORGET = (
    text("DELETE FROM idempotent_answer WHERE created_at < now() - interval '2 days'"),
    text("DELETE FROM rate WHERE minute < now() - interval '10 minutes'"),
    text("DELETE FROM event WHERE created_at < now() - interval '30 days'"),
    text(
        """UPDATE invitation SET name = :erased, email = :erased FROM assessment
            WHERE assessment.id = invitation.assessment_id AND invitation.used_at IS NULL AND invitation.name <> :erased
              AND invitation.expires_at < now() - make_interval(days => assessment.retention_days)"""
    ).bindparams(erased=ERASED),
)


def sweep(database: Database, catalogue: Catalogue) -> None:
    """Do all of it; any number of workers may at once."""
    with database.session() as db:
        for session in sessions.due(db):
            sessions.finish(db, catalogue, session)
        db.commit()
    with database.session() as db:
        _requeue(db)
        db.commit()
    with database.session() as db:
        for session in _stale(db):
            erase(db, session)
        for statement in FORGET:
            db.connection().execute(statement)
        db.commit()


def _requeue(db: Db) -> None:
    """Gradings whose job is gone, as after a restored backup, get another."""
    open_ones = select(Grading).where(
        col(Grading.state).in_([State.QUEUED, State.RUNNING]),
        col(Grading.created_at) < func.now() - text("interval '30 seconds'"),
        jobs.GONE,
    )
    for grading in db.exec(open_ones.limit(100).with_for_update(skip_locked=True)).all():
        gradings.again(db, grading)


def _stale(db: Db) -> list[Session]:
    """Sessions that the organisation does not want to keep any longer."""
    query = (
        select(Session)
        .join(Assessment, col(Assessment.id) == col(Session.assessment_id))
        .where(
            col(Session.erased_at).is_(None),
            col(Session.finished_at) < func.now() - func.make_interval(0, 0, 0, col(Assessment.retention_days)),
        )
    )
    return list(db.exec(query.limit(20).with_for_update(skip_locked=True, key_share=True, of=Session)))
