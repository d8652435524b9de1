"""How a candidate stands: for each task the best of what was handed in, and the latest score of each discussion."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from sqlmodel import Session as Db
from sqlmodel import col, select

from api.tables import Assessment, Grading, Result, Score, Session, State, Submission
from grader.task import Task


@dataclass(frozen=True)
class Standing:
    """How a candidate stands in one task."""

    task: str
    submission_id: uuid.UUID | None
    verdict: str | None
    points: int
    max_points: int
    submissions: int
    pending: int


def of(db: Db, tasks: Mapping[str, Task], session: Session, assessment: Assessment) -> list[Standing]:
    """The standing in every task that is asked, in the assessment's order."""
    query = (
        select(Submission, Grading, Result)
        .join(Grading, col(Grading.submission_id) == col(Submission.id))
        .join(Result, col(Result.grading_id) == col(Grading.id), isouter=True)
        .where(Submission.session_id == session.id, col(Grading.revision) == col(Submission.revision))
        .order_by(col(Submission.number))
    )
    rows = db.exec(query).all()
    return [_one(tasks, one, [row for row in rows if row[0].task == one["task"]]) for one in assessment.tasks]


def scores(db: Db, session: Session) -> dict[tuple[str, int], Score]:
    """The latest score of every discussion that has one."""
    rows = db.exec(select(Score).where(Score.session_id == session.id).order_by(col(Score.id))).all()
    return {(score.task, score.follow_up): score for score in rows}


def _one(
    tasks: Mapping[str, Task], asked: dict[str, object], rows: list[tuple[Submission, Grading, Result | None]]
) -> Standing:
    name, parts = str(asked["task"]), asked["parts"]
    assert isinstance(parts, list)
    most = sum(part.points for part in tasks[name].parts if part.id in parts) if name in tasks else 0
    done = [(submission, result) for submission, _, result in rows if result]
    best = max(done, key=lambda pair: (pair[1].points, -pair[0].number), default=None)
    return Standing(
        task=name,
        submission_id=best[0].id if best else None,
        verdict=best[1].verdict if best else None,
        points=best[1].points if best else 0,
        max_points=best[1].max_points if best else most,
        submissions=len(rows),
        pending=sum(grading.state in (State.QUEUED, State.RUNNING, State.PARKED) for _, grading, _ in rows),
    )
