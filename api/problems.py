"""What goes wrong on the caller's side, said in one form: problem details for HTTP APIs (RFC 9457)."""

from __future__ import annotations

import logging
import traceback
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException

MEDIA_TYPE: Final = "application/problem+json"
log = logging.getLogger("forwardpass.api")


class FieldProblem(BaseModel):
    """What is wrong with one field."""

    where: str = Field(examples=["body.minutes"])
    problem: str = Field(examples=["Input should be greater than 0"])


class ProblemBody(BaseModel):
    """A problem as it travels."""

    type: str = Field("about:blank", examples=["about:blank"])
    title: str = Field(examples=["Conflict"])
    status: int = Field(examples=[409])
    detail: str = Field(examples=["this session ended at 2026-11-24T12:00:00Z: nothing can be handed in any more"])
    errors: list[FieldProblem] = []


class Problem(Exception):
    """The request cannot be met; `detail` says why, where, and what to do next."""

    def __init__(self, status: int, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, headers or {}


def unknown(what: str) -> Problem:
    """404: there is none, or it is nothing to this caller, who cannot tell which."""
    return Problem(404, f"there is no such {what}, or it is not yours to see")


def response(problem: Problem, errors: list[FieldProblem] | None = None) -> JSONResponse:
    """A problem as a response."""
    title = HTTPStatus(problem.status).phrase
    body = ProblemBody(
        type="about:blank", title=title, status=problem.status, detail=problem.detail, errors=errors or []
    )
    return JSONResponse(body.model_dump(), problem.status, problem.headers, media_type=MEDIA_TYPE)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that can have these problems."""
    schema = {"schema": {"$ref": "#/components/schemas/ProblemBody"}}
    return {status: {"description": HTTPStatus(status).phrase, "content": {MEDIA_TYPE: schema}} for status in statuses}


def described(plain: dict[str, Any]) -> dict[str, Any]:
    """A description of the API with the schemas that `documented` refers to."""
    schema = ProblemBody.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas = plain.setdefault("components", {}).setdefault("schemas", {})
    schemas |= schema.pop("$defs") | {"ProblemBody": schema}
    return plain


def install(app: FastAPI) -> None:
    """Have everything that goes wrong in `app` told in this form."""
    plain = app.openapi
    app.openapi = lambda: described(plain())  # type: ignore[method-assign]  # as FastAPI's manual has it
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(DBAPIError, _database)
    app.add_exception_handler(PoolTimeout, _database)
    app.add_exception_handler(Exception, _fault)


async def _problem(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Problem)
    return response(error)


async def _http(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return response(Problem(error.status_code, str(error.detail), dict(error.headers or {})))


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    found = [FieldProblem(where=".".join(map(str, one["loc"])), problem=one["msg"]) for one in error.errors()]
    told = "; ".join(f"{one.where}: {one.problem}" for one in found[:3])
    return response(Problem(422, f"the request is not as it must be: {told}"), found)


async def _database(_: Request, error: Exception) -> JSONResponse:
    """The database is away or overloaded: ours, and worth another try; a value it cannot hold is the caller's."""
    if type(error).__name__ == "DataError":
        return response(Problem(422, "a text or number in the request cannot be stored: NUL characters, or too large"))
    log.error("the database failed: %s", _without_values(error))
    return response(Problem(503, "the service cannot reach its database: try again", {"Retry-After": "2"}))


def _without_values(error: Exception) -> str:
    """What failed and where in our code, on one line, without the rows that PostgreSQL quotes: code and people."""
    cause = getattr(error, "orig", None) or error
    diag = getattr(cause, "diag", None)
    # Where the server said nothing, the words are the driver's, and it knows of the connection only.
    said = diag.message_primary if diag and diag.sqlstate else next(iter(str(cause).splitlines()), "")
    here = Path(__file__).parent
    ours = [frame for frame in traceback.extract_tb(error.__traceback__) if here in Path(frame.filename).parents]
    where = ", ".join(f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in ours)
    return f"{type(cause).__name__}: {said} (in {where or 'a library'})"


async def _fault(_: Request, error: Exception) -> JSONResponse:
    log.error("a request failed", exc_info=error)
    return response(Problem(500, "this is our fault, it is written down, and nothing of the request was kept"))
