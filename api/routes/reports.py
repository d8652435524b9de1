"""Reports: what came of submissions and sessions, for candidates as far as they may know, and for recruiters whole."""

from __future__ import annotations

import csv
import io
import uuid
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field
from sqlmodel import Session as Db
from sqlmodel import select

from api import standing
from api.access import Anyone, Caller, Reader, Staff
from api.audit import note
from api.context import DbSession, Service
from api.problems import Problem, documented, unknown
from api.routes.assessments import owned as owned_assessment
from api.routes.sessions import seen
from api.routes.submissions import owned
from api.tables import Assessment, Disclosure, Grading, Result, Role, Score, Session, State
from grader.views import candidate_view

router = APIRouter(tags=["reports"], responses=documented(401, 403, 404, 422))
FORMULA = ("=", "+", "-", "@")


class ReportOut(BaseModel):
    """What came of a submission; what the caller may not know is null."""

    submission_id: uuid.UUID
    revision: int
    verdict: str | None = Field(examples=["pass"])
    points: int | None
    max_points: int | None
    graded_at: datetime
    report: dict[str, Any] | None = Field(description="Parts and checks, as `forwardpass grade --json` prints them.")


class TaskStanding(BaseModel):
    """How a candidate stands in a task: the best submission counts, of equal ones the first."""

    task: str
    submission_id: uuid.UUID | None
    verdict: str | None
    points: int
    max_points: int
    submissions: int
    pending: int


class DiscussionStanding(BaseModel):
    """A follow-up answered in words; without points until somebody gave some."""

    task: str
    follow_up: int
    points: int | None
    max_points: int | None
    reason: str | None


class StandingOut(BaseModel):
    """A whole session."""

    session_id: uuid.UUID
    name: str
    email: str
    finished_at: datetime | None
    points: int
    max_points: int
    tasks: list[TaskStanding]
    discussions: list[DiscussionStanding]


class Standings(BaseModel):
    """All candidates of an assessment, best first."""

    items: list[StandingOut]


class ScoreIn(BaseModel):
    """Points for a follow-up that was answered in words."""

    task: str = Field(max_length=100, examples=["q026-stable-softmax"])
    follow_up: int = Field(ge=1, le=5)
    points: int = Field(ge=0, le=100)
    max_points: int = Field(ge=1, le=100)
    reason: str = Field(min_length=1, max_length=4000, examples=["Knows why the shift changes nothing."])


class ScoreOut(ScoreIn):
    """Points that somebody gave."""

    id: uuid.UUID
    author_id: uuid.UUID | None
    created_at: datetime


@router.get("/submissions/{submission_id}/report", responses=documented(409))
def get_report(
    db: DbSession, who: Anyone, submission_id: uuid.UUID, revision: Annotated[int | None, Query(ge=1)] = None
) -> ReportOut:
    """The report of the revision that counts or, for staff, of any."""
    submission = owned(db, who, submission_id)
    if who.role is Role.CANDIDATE and revision not in (None, submission.revision):
        raise unknown("revision")
    wanted = revision or submission.revision
    mine = select(Grading).where(Grading.submission_id == submission.id, Grading.revision == wanted)
    grading = db.exec(mine).first()
    if grading is None:
        raise unknown("revision")
    result = db.get(Result, grading.id)
    if grading.state is not State.DONE or result is None:
        raise Problem(409, f"there is no report: this submission is {grading.state}")
    return _shown(db, who, submission.id, grading, result, db.get_one(Assessment, submission.assessment_id))


@router.get("/sessions/{session_id}/report")
def get_standing(service: Service, db: DbSession, who: Staff, session_id: uuid.UUID) -> StandingOut:
    """A whole session: every task, every discussion, the sum."""
    session = seen(db, who, session_id)
    return _standing(service.catalogue.tasks, db, session, db.get_one(Assessment, session.assessment_id))


@router.get("/assessments/{assessment_id}/results")
def compare(service: Service, db: DbSession, who: Reader, assessment_id: uuid.UUID) -> Standings:
    """All candidates of an assessment side by side."""
    return Standings(items=_all(service.catalogue.tasks, db, owned_assessment(db, who, assessment_id)))


@router.get("/assessments/{assessment_id}/results.csv", response_class=Response)
def export(service: Service, db: DbSession, who: Reader, assessment_id: uuid.UUID) -> Response:
    """The same for a spreadsheet; what a candidate could have it compute is defused."""
    assessment = owned_assessment(db, who, assessment_id)
    text = io.StringIO()
    writer = csv.writer(text)
    names = [one["task"] for one in assessment.tasks]
    writer.writerow(["session", "name", "email", "finished_at", "points", "max_points", *names])
    for row in _all(service.catalogue.tasks, db, assessment):
        finished = row.finished_at.isoformat() if row.finished_at else ""
        points = {one.task: one.points for one in row.tasks}
        head = [str(row.session_id), _defused(row.name), _defused(row.email), finished, row.points, row.max_points]
        writer.writerow([*head, *(points[name] for name in names)])
    note(db, who, "results.export", assessment.id)
    db.commit()
    headers = {"Content-Disposition": f'attachment; filename="results-{assessment.id}.csv"'}
    return Response(text.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


@router.post("/sessions/{session_id}/scores", status_code=201)
def give_score(service: Service, db: DbSession, who: Staff, session_id: uuid.UUID, given: ScoreIn) -> ScoreOut:
    """Give points for words; the latest count, all are kept."""
    session = seen(db, who, session_id)
    if (given.task, given.follow_up) not in _discussions(service.catalogue.tasks, db, session):
        raise Problem(422, f"follow-up {given.follow_up} of {given.task} is no discussion of this assessment")
    if given.points > given.max_points:
        raise Problem(422, "more points than there are")
    score = Score(
        organisation_id=session.organisation_id, session_id=session.id, author_id=who.user_id, **given.model_dump()
    )
    db.add(score)
    note(db, who, "score.give", session.id, **given.model_dump(exclude={"reason"}))
    db.commit()
    db.refresh(score)
    return ScoreOut.model_validate(score, from_attributes=True)


def _shown(
    db: Db, who: Caller, submission_id: uuid.UUID, grading: Grading, result: Result, assessment: Assessment
) -> ReportOut:
    """A report as far as the caller may know it."""
    out = ReportOut(
        submission_id=submission_id,
        revision=grading.revision,
        verdict=result.verdict,
        points=result.points,
        max_points=result.max_points,
        graded_at=result.created_at,
        report=result.report,
    )
    if who.role is not Role.CANDIDATE:
        return out
    if assessment.disclosure is Disclosure.NONE:
        return out.model_copy(update={"verdict": None, "points": None, "max_points": None, "report": None})
    if assessment.disclosure is Disclosure.VERDICT or result.report.get("erased"):
        return out.model_copy(update={"report": None})
    return out.model_copy(update={"report": candidate_view(result.report)})


def _all(tasks: Any, db: Db, assessment: Assessment) -> list[StandingOut]:
    sessions = db.exec(select(Session).where(Session.assessment_id == assessment.id)).all()
    found = [_standing(tasks, db, session, assessment) for session in sessions]
    return sorted(found, key=lambda one: (-one.points, one.session_id))


def _standing(tasks: Any, db: Db, session: Session, assessment: Assessment) -> StandingOut:
    rows = [TaskStanding(**vars(one)) for one in standing.of(db, tasks, session, assessment)]
    scores = standing.scores(db, session)
    words = [_discussion(key, scores.get(key)) for key in sorted(_discussions(tasks, db, session))]
    return StandingOut(
        session_id=session.id,
        name=session.name,
        email=session.email,
        finished_at=session.finished_at,
        points=sum(row.points for row in rows) + sum(one.points or 0 for one in words),
        max_points=sum(row.max_points for row in rows) + sum(one.max_points or 0 for one in words),
        tasks=rows,
        discussions=words,
    )


def _discussions(tasks: Any, db: Db, session: Session) -> set[tuple[str, int]]:
    assessment = db.get_one(Assessment, session.assessment_id)
    asked = [one["task"] for one in assessment.tasks if one["task"] in tasks]
    return {(name, one.follow_up) for name in asked for one in tasks[name].discussions}


def _discussion(key: tuple[str, int], score: Score | None) -> DiscussionStanding:
    task, follow_up = key
    if score is None:
        return DiscussionStanding(task=task, follow_up=follow_up, points=None, max_points=None, reason=None)
    return DiscussionStanding(
        task=task, follow_up=follow_up, points=score.points, max_points=score.max_points, reason=score.reason
    )


def _defused(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.lstrip().startswith(FORMULA) or text[:1].isspace() else text
