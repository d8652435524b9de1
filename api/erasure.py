"""Forgetting a candidate: name, address, code and everything that quotes it go; points without a person stay."""

from __future__ import annotations

from sqlmodel import Session as Db
from sqlmodel import col, delete, func, select, update

from api import gradings
from api.database import now
from api.tables import (
    Attempt,
    Draft,
    Event,
    Grading,
    IdempotentAnswer,
    Invitation,
    Result,
    Run,
    Score,
    Session,
    State,
    Submission,
    Token,
)

#: What stands where a name stood.
ERASED = "erased"


def erase(db: Db, session: Session) -> None:
    """Erase what a locked session holds; whoever commits makes it so."""
    _wait(db, session)
    mine = select(Submission).where(Submission.session_id == session.id)
    for submission in db.exec(mine).all():
        for grading in db.exec(select(Grading).where(Grading.submission_id == submission.id)).all():
            if grading.state is not State.DONE:
                gradings.cancel(db, grading, submission)
            _blank(db, grading)
            db.exec(update(Attempt).where(col(Attempt.grading_id) == grading.id).values(message=""))
        submission.source, submission.digest = b"", ""
        db.add(submission)
    for table in (Draft, Run, Event):
        db.exec(delete(table).where(col(table.session_id) == session.id))
    _forget_answers(db, session)
    db.exec(update(Score).where(col(Score.session_id) == session.id).values(reason=ERASED))
    db.exec(update(Token).where(col(Token.session_id) == session.id).values(revoked_at=func.now(), name=ERASED))
    blank = {"name": ERASED, "email": ERASED}
    db.exec(update(Invitation).where(col(Invitation.id) == session.invitation_id).values(**blank))
    session.name = session.email = ERASED
    session.erased_at = now(db)
    session.finished_at = session.finished_at or session.erased_at
    db.add(session)


def _wait(db: Db, session: Session) -> None:
    """Wait for whoever works at the session's gradings and runs, before they would have to wait for us."""
    mine = select(Grading).join(Submission, col(Submission.id) == col(Grading.submission_id))
    db.exec(mine.where(Submission.session_id == session.id).with_for_update(of=Grading)).all()
    db.exec(select(Run.id).where(Run.session_id == session.id).with_for_update()).all()


def _forget_answers(db: Db, session: Session) -> None:
    """Answers kept for requests that come twice quote too: the invitation's the name, the candidate's own the code."""
    callers = [str(one) for one in db.exec(select(Token.id).where(Token.session_id == session.id)).all()]
    db.exec(delete(IdempotentAnswer).where(col(IdempotentAnswer.caller).in_(callers)))
    invited = {"Location": f"/api/v1/invitations/{session.invitation_id}"}
    db.exec(delete(IdempotentAnswer).where(col(IdempotentAnswer.headers).contains(invited)))


def _blank(db: Db, grading: Grading) -> None:
    """Put in a result's place one that keeps verdict and points only: a result is never changed, so it is another."""
    result = db.get(Result, grading.id)
    if result is None:
        return
    kept = {"format": result.report.get("format"), "erased": True}
    numbers = {key: getattr(result, key) for key in ("verdict", "points", "max_points", "task_digest", "created_at")}
    db.delete(result)
    db.flush()
    db.expunge(result)
    db.add(Result(grading_id=grading.id, report=kept, **numbers))
