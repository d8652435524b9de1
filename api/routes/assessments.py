"""Assessments: tasks put together by a recruiter or drawn from the bank by level and section."""

from __future__ import annotations

import random
import uuid
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field
from sqlmodel import Session as Db
from sqlmodel import col, select

from api.access import Caller, Reader, Recruiter
from api.audit import note
from api.catalogue import Catalogue
from api.context import DbSession, Service
from api.database import now
from api.idempotency import OnceOnly
from api.pages import Cursor, Limit, Page, page
from api.problems import Problem, documented, unknown
from api.tables import Assessment, Disclosure
from grader.schema import Level

router = APIRouter(prefix="/assessments", tags=["assessments"], responses=documented(401, 403, 404, 422))


class TaskIn(BaseModel):
    """A task that is asked; without parts, all that belong to the level."""

    task: str = Field(max_length=100, examples=["q026-stable-softmax"])
    parts: list[str] = Field([], max_length=50, examples=[["softmax"]])


class AssessmentIn(BaseModel):
    """What to ask, and on which terms."""

    title: str = Field(min_length=1, max_length=200, examples=["Deep learning engineer, middle"])
    level: Level
    tasks: list[TaskIn] = Field(min_length=1, max_length=50)
    minutes: int | None = Field(None, ge=1, le=14 * 24 * 60, description="Without it, the sum of the tasks' minutes.")
    attempts: int = Field(10, ge=1, le=1000, description="Submissions for each task.")
    disclosure: Disclosure = Field(Disclosure.VERDICT, description="What candidates learn of their results.")
    language: str = Field("en", pattern="^(en|ru)$")
    retention_days: int = Field(365, ge=1, le=3650, description="After so long code and names are erased.")


class Draw(BaseModel):
    """How to draw tasks from the bank."""

    level: Level
    sections: list[str] = Field([], max_length=50, description="Without any, all.", examples=[["02-activations"]])
    count: int = Field(3, ge=1, le=50)
    seed: int = Field(0, ge=0, le=2**31, description="The same seed draws the same tasks.")


class Drawn(BaseModel):
    """Tasks that were drawn, to be put into an assessment."""

    tasks: list[TaskIn]
    minutes: int = Field(examples=[120])


class AssessmentChange(BaseModel):
    """What may change while candidates are at work."""

    title: str | None = Field(None, min_length=1, max_length=200)
    disclosure: Disclosure | None = None
    archived: bool | None = None


class AssessmentOut(BaseModel):
    """An assessment."""

    id: uuid.UUID
    title: str
    level: Level
    tasks: list[TaskIn]
    minutes: int
    attempts: int
    disclosure: Disclosure
    language: str
    retention_days: int
    created_at: datetime
    archived_at: datetime | None


@router.post("", status_code=201, response_model=AssessmentOut, responses=documented(409))
def create_assessment(service: Service, db: DbSession, who: Recruiter, given: AssessmentIn, once: OnceOnly) -> Response:
    """Put an assessment together."""
    named = [one.task for one in given.tasks]
    if len(set(named)) < len(named):
        raise Problem(422, "a task may be asked once in an assessment")
    tasks = [
        {"task": one.task, "parts": service.catalogue.parts(one.task, given.level, one.parts)} for one in given.tasks
    ]
    assessment = Assessment(
        organisation_id=who.organisation_id,
        created_by=who.user_id,
        tasks=tasks,
        minutes=given.minutes or _minutes(service.catalogue, tasks),
        **given.model_dump(exclude={"tasks", "minutes"}),
    )
    db.add(assessment)
    note(db, who, "assessment.create", assessment.id, title=given.title)
    db.flush()
    db.refresh(assessment)
    return once.answer(201, shown(assessment), {"Location": f"/api/v1/assessments/{assessment.id}"})


@router.post("/draw")
def draw_tasks(service: Service, _who: Recruiter, given: Draw) -> Drawn:
    """Draw tasks: a junior gets first parts, a middle more, a senior whole blocks, a lead everything."""
    unknown_sections = set(given.sections) - {task.section for task in service.catalogue.tasks.values()}
    if unknown_sections:
        raise Problem(422, f"there is no section {min(unknown_sections)!r}: GET /api/v1/tasks names them")
    fitting = [
        task
        for task in service.catalogue.tasks.values()
        if (not given.sections or task.section in given.sections) and any(p.level <= given.level for p in task.parts)
    ]
    if len(fitting) < given.count:
        raise Problem(422, f"{len(fitting)} tasks fit, fewer than the {given.count} asked for")
    drawn = sorted(task.id for task in random.Random(given.seed).sample(fitting, given.count))  # noqa: S311  # no secret
    tasks = [{"task": task, "parts": service.catalogue.parts(task, given.level, [])} for task in drawn]
    return Drawn(tasks=[TaskIn.model_validate(one) for one in tasks], minutes=_minutes(service.catalogue, tasks))


@router.get("")
def list_assessments(
    db: DbSession,
    who: Reader,
    limit: Limit = 50,
    cursor: Cursor = None,
    archived: Annotated[bool, Query(description="Those put away instead of those in use.")] = False,
) -> Page[AssessmentOut]:
    """The organisation's assessments."""
    state = col(Assessment.archived_at).is_not(None) if archived else col(Assessment.archived_at).is_(None)
    mine = select(Assessment).where(Assessment.organisation_id == who.organisation_id, state)
    return page(db, mine, Assessment, limit, cursor, shown)


@router.get("/{assessment_id}")
def get_assessment(db: DbSession, who: Reader, assessment_id: uuid.UUID) -> AssessmentOut:
    """One assessment."""
    return shown(owned(db, who, assessment_id))


@router.patch("/{assessment_id}")
def change_assessment(
    db: DbSession, who: Recruiter, assessment_id: uuid.UUID, given: AssessmentChange
) -> AssessmentOut:
    """Change title or disclosure, or put it away: tasks and time stay as candidates have met them."""
    assessment = owned(db, who, assessment_id)
    changes = given.model_dump(exclude_none=True, exclude={"archived"})
    if given.archived is not None:
        changes["archived_at"] = now(db) if given.archived else None
    assessment.sqlmodel_update(changes)
    db.add(assessment)
    note(db, who, "assessment.change", assessment.id, **given.model_dump(exclude_none=True, mode="json"))
    db.commit()
    return shown(assessment)


def owned(db: Db, who: Caller, assessment_id: uuid.UUID) -> Assessment:
    """An assessment of the caller's organisation.

    Raises:
        Problem: 404.
    """
    found = db.get(Assessment, assessment_id)
    if found is None or found.organisation_id != who.organisation_id:
        raise unknown("assessment")
    return found


def shown(assessment: Assessment) -> AssessmentOut:
    """An assessment as it travels."""
    return AssessmentOut.model_validate(assessment, from_attributes=True)


def _minutes(catalogue: Catalogue, tasks: list[dict[str, Any]]) -> int:
    """A task's minutes, by the share of its points that is asked."""
    total = 0.0
    for one in tasks:
        task = catalogue.get(one["task"])
        asked = sum(part.points for part in task.parts if part.id in one["parts"])
        total += task.minutes * asked / sum(part.points for part in task.parts)
    return max(5, round(total))
