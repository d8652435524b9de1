"""How often somebody may call: counted in the database, so that any number of services count together."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request, Response
from sqlalchemy import text
from starlette.concurrency import run_in_threadpool

from api.context import Context, Service
from api.problems import Problem
from api.secrets import hashed

#: Nobody waits for the disk: what a crash would lose of it is worth less.
COUNT = text("""
    WITH unhurried AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
    INSERT INTO rate (caller, minute, count) SELECT :caller, date_trunc('minute', now()), 1 FROM unhurried
    ON CONFLICT (caller, minute) DO UPDATE SET count = rate.count + 1
    RETURNING count, ceil(60 - extract(second FROM now()))::int
""")


async def limited(request: Request, response: Response, service: Service) -> None:
    """Count a call that writes, by its token or, without one, by its address.

    Raises:
        Problem: 429, with the seconds to wait.
    """
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    most = service.settings.requests_a_minute
    async with service.door:
        count, wait_s = await run_in_threadpool(_count, service, _caller(request))
    headers = {
        "RateLimit-Policy": f'"writes";q={most};w=60',
        "RateLimit": f'"writes";r={max(0, most - count)};t={wait_s}',
    }
    if count > most:
        raise Problem(
            429, f"more than {most} writes in a minute: wait {wait_s} s", {**headers, "Retry-After": str(wait_s)}
        )
    request.state.rate_headers = headers
    response.headers.update(headers)


def _count(service: Context, caller: str) -> tuple[int, int]:
    with service.database.alone.connect() as connection:
        count, wait_s = connection.execute(COUNT, {"caller": caller}).one()
    return int(count), int(wait_s)


def _caller(request: Request) -> str:
    token = request.headers.get("authorization", "")
    if token:
        return hashed(token).hex()[:32]
    return f"address {request.client.host if request.client else 'unknown'}"


Limited = Annotated[None, Depends(limited)]
