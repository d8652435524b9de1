"""The application: routes, problems, limits and the life of the process, put together."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Final

from fastapi import Depends, FastAPI
from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import problems
from api.catalogue import Catalogue
from api.context import Context
from api.database import Database
from api.idempotency import Replay, replayed
from api.problems import Problem, documented
from api.rates import limited
from api.routes import (
    assessments,
    audit,
    batches,
    health,
    invitations,
    people,
    reports,
    runs,
    sessions,
    submissions,
    tasks,
    webhooks,
)
from api.settings import Settings
from grader import __version__

ROUTERS: Final = (
    tasks,
    assessments,
    invitations,
    sessions,
    runs,
    submissions,
    reports,
    batches,
    webhooks,
    people,
    audit,
)
PREFIX: Final = "/api/v1"
#: No length of a request that is read has more digits.
LONGEST_NUMBER: Final = 12
#: What every answer says to browsers: this is data, nothing runs here, nobody frames it or learns where one was.
HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def create(settings: Settings, database: Database, catalogue: Catalogue | None = None) -> FastAPI:
    """The application on a database that is up to date."""
    app = FastAPI(
        title="Forward Pass",
        version=__version__,
        description="Practical deep-learning assessments, graded by machine.",
        lifespan=_lifespan,
        redirect_slashes=False,
        docs_url=None,
        redoc_url=None,
        openapi_url=f"{PREFIX}/openapi.json",
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.context = Context(settings, database, catalogue or Catalogue())
    problems.install(app)
    app.add_exception_handler(Replay, replayed)
    for module in ROUTERS:
        app.include_router(
            module.router, prefix=PREFIX, dependencies=[Depends(limited)], responses=documented(413, 429, 503)
        )
    app.include_router(health.router)
    app.add_middleware(Headers)
    app.add_middleware(SizeLimit, most=settings.max_body_kb * 1024)
    return app


@contextlib.asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    service: Context = app.state.context
    service.catalogue.tasks  # noqa: B018  # a broken task is told at the start
    service.hub.open(service.database.conninfo)
    yield
    await service.hub.close()
    service.database.close()


class Headers:
    """Puts on every answer what all answers say."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""

        async def signed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in {**HEADERS, **scope.get("state", {}).get("rate_headers", {})}.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, signed)


class SizeLimit:
    """Reads no more of a request than it may have."""

    def __init__(self, app: ASGIApp, most: int) -> None:
        self._app, self._most = app, most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, as far as it goes."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif self._announces_more(scope):
            await self._refuse(scope, receive, send)
        else:
            await self._pass(scope, receive, send)

    def _announces_more(self, scope: Scope) -> bool:
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        return not announced.isdigit() or len(announced) > LONGEST_NUMBER or int(announced) > self._most

    async def _pass(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count what is read; once it is too much, nothing that the application answers is sent."""
        read, began = 0, False

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > self._most:
                raise ClientDisconnect
            return message

        async def kept(message: Message) -> None:
            nonlocal began
            if began or read <= self._most:
                began = True
                await send(message)

        with contextlib.suppress(ClientDisconnect):
            await self._app(scope, counted, kept)
        if read > self._most and not began:
            await self._refuse(scope, receive, send)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        problem = Problem(413, f"a request may have {self._most // 1024} KiB", {"Connection": "close"})
        await problems.response(problem)(scope, receive, send)
