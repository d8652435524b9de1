"""A candidate's session: begun from an invitation, written in, handed in, and closed by the database's clock."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from datetime import timedelta
from typing import Any

from sqlmodel import Session as Db
from sqlmodel import col, func, select, update

from api import events, gradings
from api.catalogue import Catalogue
from api.database import now
from api.jobs import Urgency
from api.problems import Problem
from api.tables import Assessment, Draft, Grading, Invitation, Session, State, Submission, Token
from api.webhooks import Occasion, announce
from grader.submission import problem_of

SEED_BITS = 48


def enter(db: Db, invitation: Invitation, assessment: Assessment) -> Session:
    """The session of an invitation that is used now: a new one, or after a renewal the one that it began.

    Raises:
        Problem: 409, the session was erased.
    """
    session = db.exec(select(Session).where(Session.invitation_id == invitation.id)).first()
    if session is None:
        return begin(db, invitation, assessment)
    if session.erased_at:
        raise Problem(409, "this session was erased: ask for another invitation")
    invitation.used_at = now(db)
    tokens = update(Token).where(col(Token.session_id) == session.id, col(Token.revoked_at).is_(None))
    db.exec(tokens.values(revoked_at=invitation.used_at))
    db.add(invitation)
    return session


def begin(db: Db, invitation: Invitation, assessment: Assessment) -> Session:
    """Start the clock."""
    minutes = assessment.minutes + invitation.extra_minutes
    invitation.used_at = now(db)
    session = Session(
        organisation_id=assessment.organisation_id,
        assessment_id=assessment.id,
        invitation_id=invitation.id,
        name=invitation.name,
        email=invitation.email,
        language=assessment.language,
        started_at=invitation.used_at,
        ends_at=invitation.used_at + timedelta(minutes=minutes),
    )
    db.add_all([invitation, session])
    db.flush()
    announce(db, session.organisation_id, Occasion.SESSION_STARTED, {"session_id": str(session.id)})
    return session


def locked(db: Db, session_id: uuid.UUID) -> Session | None:
    """A session that nobody else changes until this transaction ends; rows that refer to it can be added meanwhile."""
    return db.exec(select(Session).where(Session.id == session_id).with_for_update(key_share=True)).first()


def require_open(db: Db, session: Session) -> None:
    """Nothing is taken after the end.

    Raises:
        Problem: 409.
    """
    ended = session.finished_at or (session.ends_at if session.ends_at <= now(db) else None)
    if ended:
        raise Problem(409, f"this session ended at {ended.isoformat()}: nothing can be handed in any more")


def asked(assessment: Assessment, task: str) -> list[str]:
    """The parts that an assessment asks of a task.

    Raises:
        Problem: 422, it does not ask for this task.
    """
    for one in assessment.tasks:
        if one["task"] == task:
            return list(one["parts"])
    names = ", ".join(one["task"] for one in assessment.tasks)
    raise Problem(422, f"this assessment has no task {task!r}: it asks for {names}")


def require_source(task: str, source: bytes) -> None:
    """What can never be graded is not taken.

    Raises:
        Problem: 422, it is too large, or not text.
    """
    if problem := problem_of(f"{task}.py", source):
        raise Problem(422, problem)


def hand_in(
    db: Db, catalogue: Catalogue, session: Session, task: str, source: bytes, *, at_deadline: bool = False
) -> tuple[Submission, Grading]:
    """Take code from a locked session and have it graded; whoever commits makes it so.

    Raises:
        Problem: 409, all attempts are used up; 422, the code can never be graded, or nobody asked for this task.
    """
    assessment = db.get_one(Assessment, session.assessment_id)
    parts = asked(assessment, task)
    require_source(task, source)
    number = _number(db, session, assessment, task)
    submission = Submission(
        organisation_id=session.organisation_id,
        assessment_id=assessment.id,
        session_id=session.id,
        task=task,
        parts=parts,
        number=number,
        source=source,
        digest=hashlib.sha256(source).hexdigest(),
        seed=secrets.randbits(SEED_BITS),
        at_deadline=at_deadline,
        created_at=now(db),
    )
    db.add(submission)
    db.flush()
    return submission, gradings.queue_up(db, submission, catalogue.queue(task, parts), Urgency.SUBMISSION)


def finish(db: Db, catalogue: Catalogue, session: Session) -> list[Submission]:
    """Close a locked session: drafts that were never handed in as they stand are handed in now."""
    if session.finished_at:
        return []
    taken = [one for draft in _unsent(db, session) if (one := _taken(db, catalogue, session, draft))]
    session.finished_at = min(now(db), session.ends_at)
    db.add(session)
    announce(db, session.organisation_id, Occasion.SESSION_FINISHED, {"session_id": str(session.id)})
    events.tell(db, session.id, "session", {"state": "finished", "handed_in": [one.task for one in taken]})
    return taken


def due(db: Db, limit: int = 20) -> list[Session]:
    """Sessions whose time is over and that nobody has closed, locked."""
    query = select(Session).where(col(Session.finished_at).is_(None), col(Session.ends_at) <= func.now())
    return list(db.exec(query.limit(limit).with_for_update(skip_locked=True, key_share=True)))


def _number(db: Db, session: Session, assessment: Assessment, task: str) -> int:
    """The number of the next submission; what was cancelled or failed by our fault used up no attempt."""
    mine = select(Submission.number, Grading.state).join(Grading, col(Grading.submission_id) == col(Submission.id))
    rows = db.exec(
        mine.where(Submission.session_id == session.id, Submission.task == task, Grading.revision == 1)
    ).all()
    used = sum(state not in (State.CANCELLED, State.PARKED) for _, state in rows)
    if used >= assessment.attempts:
        raise Problem(409, f"{task}: all {assessment.attempts} attempts are used up")
    return max((number for number, _ in rows), default=0) + 1


def _unsent(db: Db, session: Session) -> list[Draft]:
    """Drafts that differ from what was handed in last and stands, and from nothing at all."""
    drafts = db.exec(select(Draft).where(Draft.session_id == session.id).order_by(Draft.task)).all()
    return [draft for draft in drafts if draft.source.strip() and draft.source != _last(db, session, draft.task)]


def _last(db: Db, session: Session, task: str) -> bytes | None:
    mine = select(Submission.source).join(Grading, col(Grading.submission_id) == col(Submission.id))
    mine = mine.where(Submission.session_id == session.id, Submission.task == task, Grading.revision == 1)
    mine = mine.where(Grading.state != State.CANCELLED)
    return db.exec(mine.order_by(col(Submission.number).desc()).limit(1)).first()


def _taken(db: Db, catalogue: Catalogue, session: Session, draft: Draft) -> Submission | None:
    """The submission of a draft; a draft that cannot be taken is told of and kept."""
    if draft.source == starter_of(catalogue, draft.task):
        return None
    try:
        submission, _ = hand_in(db, catalogue, session, draft.task, draft.source, at_deadline=True)
    except Problem as problem:
        data: dict[str, Any] = {"task": draft.task, "problem": problem.detail}
        events.tell(db, session.id, "draft", data)
        return None
    return submission


def starter_of(catalogue: Catalogue, task: str) -> bytes:
    """What a candidate opens."""
    return catalogue.get(task).starter.encode()
