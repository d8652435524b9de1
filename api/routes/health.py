"""For machines that watch the service: does it live, is it ready, how is it doing."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from api.context import Service
from api.metrics import exposition
from api.problems import Problem, documented

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """Well."""

    status: Literal["ok"] = "ok"
    tasks: int | None = Field(default=None, description="How many tasks there are.")


@router.get("/healthz")
async def healthz() -> Health:
    """The process lives."""
    return Health()


@router.get("/readyz", responses=documented(503))
def readyz(service: Service) -> Health:
    """The database answers, and there are tasks."""
    try:
        with service.database.engine.connect() as connection:
            connection.execute(text("SELECT 1 FROM alembic_version"))
    except (DBAPIError, PoolTimeout):
        raise Problem(503, "the database does not answer", {"Retry-After": "2"}) from None
    return Health(tasks=len(service.catalogue.tasks))


@router.get("/metrics", response_class=Response)
def metrics(service: Service) -> Response:
    """What Prometheus reads."""
    return Response(exposition(service.database), media_type="text/plain; version=0.0.4; charset=utf-8")
