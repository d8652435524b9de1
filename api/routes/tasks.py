"""Tasks as candidates and recruiters read them: statement, starter, public tests, and never anything hidden."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Query, Response
from pydantic import BaseModel, Field
from sqlmodel import Session as Db

from api import sessions
from api.access import Anyone, Caller
from api.context import Context, DbSession, Service
from api.problems import documented, unknown
from api.tables import Assessment, Role, Session
from grader.schema import Level
from grader.task import LANGUAGES, Task

router = APIRouter(prefix="/tasks", tags=["tasks"], responses=documented(401, 403, 404, 422))
Language = Annotated[str, Header(alias="Accept-Language", examples=["ru"])]


class BudgetOut(BaseModel):
    """What a part may cost: time and memory × the reference, growth as an exponent."""

    time: float | None = Field(None, examples=[3.0])
    memory: float | None = None
    growth: float | None = None


class PartOut(BaseModel):
    """A separately scored piece of a task."""

    id: str = Field(examples=["softmax"])
    entry: str = Field(description="The function or class to write.", examples=["softmax"])
    level: Level
    points: int = Field(examples=[3])
    device: str = Field(examples=["cpu"])
    budget: BudgetOut


class TaskOut(BaseModel):
    """A task in a list."""

    id: str = Field(examples=["q026-stable-softmax"])
    title: str = Field(examples=["A softmax that does not overflow"])
    section: str = Field(examples=["02-activations"])
    minutes: int = Field(examples=[40])
    parts: list[PartOut]
    discussions: list[int] = Field(description="Follow-ups that are answered in words.", examples=[[5]])


class WholeTaskOut(TaskOut):
    """A task as a candidate gets it."""

    language: str = Field(examples=["en"])
    introduction: str = Field(description="Markdown.")
    statements: dict[str, str] = Field(description="Markdown, by part.")
    starter: str
    public_tests: str


class TaskList(BaseModel):
    """All tasks that were asked for."""

    items: list[TaskOut]


@router.get("")
def list_tasks(
    service: Service,
    db: DbSession,
    who: Anyone,
    response: Response,
    level: Annotated[Level | None, Query(description="Those with a part for this level.")] = None,
    section: Annotated[str | None, Query(examples=["02-activations"])] = None,
    accept_language: Language = "en",
) -> TaskList:
    """The bank, or for a candidate the tasks of the own assessment."""
    language = spoken(accept_language)
    response.headers["Content-Language"] = language
    asked = _asked(db, who)
    found = [
        shown(task, language, asked.get(task.id) if asked is not None else None)
        for task in service.catalogue.tasks.values()
        if (asked is None or task.id in asked)
        and (section is None or task.section == section)
        and (level is None or any(part.level <= level for part in task.parts))
    ]
    return TaskList(items=found)


@router.get("/{task_id}")
def get_task(
    service: Service, db: DbSession, who: Anyone, response: Response, task_id: str, accept_language: Language = "en"
) -> WholeTaskOut:
    """Statement, starter and public tests; a candidate sees the parts that are asked."""
    asked = _asked(db, who)
    if asked is not None and task_id not in asked:
        raise unknown("task")
    language = spoken(accept_language)
    response.headers["Content-Language"] = language
    return whole(service, task_id, language, asked.get(task_id) if asked is not None else None)


def whole(service: Context, task_id: str, language: str, parts: list[str] | None) -> WholeTaskOut:
    """A task with its texts."""
    task = service.catalogue.get(task_id)
    head = shown(task, language, parts)
    statements = task.statement(language)
    return WholeTaskOut(
        **head.model_dump(),
        language=language,
        introduction=task.introduction(language),
        statements={part.id: statements[part.id] for part in head.parts},
        starter=task.starter,
        public_tests=task.public_tests.read_text(encoding="utf-8"),
    )


def shown(task: Task, language: str, parts: list[str] | None) -> TaskOut:
    """A task in a list, with some of its parts or all."""
    return TaskOut(
        id=task.id,
        title=task.title(language),
        section=task.section,
        minutes=task.minutes,
        parts=[
            PartOut(
                id=part.id,
                entry=part.entry,
                level=part.level,
                points=part.points,
                device=part.device,
                budget=BudgetOut(time=part.budget.time, memory=part.budget.memory, growth=part.budget.growth),
            )
            for part in task.parts
            if parts is None or part.id in parts
        ],
        discussions=[one.follow_up for one in task.discussions],
    )


def spoken(accepted: str) -> str:
    """The language of ours that an `Accept-Language` likes best; English if it likes none."""
    weights: list[tuple[float, str]] = []
    for item in accepted.split(","):
        name, _, parameter = item.strip().partition(";")
        language = name.split("-")[0].lower()
        if language in LANGUAGES and (weight := _weight(parameter)) > 0:
            weights.append((weight, language))
    return max(weights, key=lambda pair: pair[0])[1] if weights else "en"


def _weight(parameter: str) -> float:
    try:
        return float(parameter.strip().removeprefix("q=")) if parameter else 1.0
    except ValueError:
        return 0.0


def _asked(db: Db, who: Caller) -> dict[str, list[str]] | None:
    """The parts that a candidate is asked, by task; None for staff, who may read all."""
    if who.role is not Role.CANDIDATE:
        return None
    session = db.get_one(Session, who.session_id)
    assessment = db.get_one(Assessment, session.assessment_id)
    return {one["task"]: sessions.asked(assessment, one["task"]) for one in assessment.tasks}
