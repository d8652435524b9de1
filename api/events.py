"""Events of a session: a row for what matters, a notification for all, and the stream that a browser follows."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from typing import Any, Final

from sqlmodel import Session as Db
from sqlmodel import col, func, select, text
from starlette.concurrency import run_in_threadpool

from api import jobs
from api.context import Context
from api.hub import CHANNEL
from api.tables import Event

#: How long a stream is silent before it says that it lives: proxies cut off what says nothing for a minute.
PING_S: Final = 15.0
PAGE: Final = 500
#: How often a stream looks how far its submissions have come in the queue, while any waits there.
PLACES_S: Final = 2.0
IN_TURN: Final = text(
    "SELECT pg_advisory_xact_lock(hashtextextended(:session, 0)), pg_notify(:channel, :payload)"  # heard at the commit
)


def tell(db: Db, session_id: uuid.UUID, kind: str, data: dict[str, Any]) -> None:
    """Write an event down in the running transaction; listeners hear of it when that is committed.

    A session's events are written one transaction after the other: were an event committed after one with a higher
    number, whoever had read that one already would never see it.
    """
    told = {"session": str(session_id), "channel": CHANNEL, "payload": _payload(session_id)}
    db.connection().execute(IN_TURN, told)
    db.add(Event(session_id=session_id, kind=kind, data=data))


def notify(db: Db, session_id: uuid.UUID, news: dict[str, Any] | None = None) -> None:
    """Wake who follows a session, with something that is not written down."""
    db.exec(select(func.pg_notify(CHANNEL, _payload(session_id, news))))


def _payload(session_id: uuid.UUID, news: dict[str, Any] | None = None) -> str:
    return json.dumps({"topic": str(session_id), **(news or {})})


async def follow(service: Context, session_id: uuid.UUID, after: int) -> AsyncIterator[bytes]:
    """The events of a session after one of them, for as long as somebody listens, as `text/event-stream`."""
    yield b"retry: 1000\n\n"
    async with service.hub.topic(str(session_id)) as queue:
        places: dict[uuid.UUID, int] = {}
        while not service.hub.closing.is_set():
            events = await run_in_threadpool(_after, service, session_id, after)
            for event in events:
                after = event.id or after
                yield frame(event.kind, event.data, event.id)
            if len(events) == PAGE:
                continue
            before, places = places, await run_in_threadpool(_places, service, session_id)
            for submission_id, place in sorted(places.items() - before.items()):
                yield frame("place", {"submission_id": str(submission_id), "place": place})
            try:
                news = await asyncio.wait_for(queue.get(), PLACES_S if places else PING_S)
            except TimeoutError:
                yield b": still here\n\n"
                continue
            if news:
                yield frame(str(news.pop("kind")), news)


def frame(kind: str, data: dict[str, Any], number: int | None = None) -> bytes:
    """One event as it travels."""
    named = f"id: {number}\n" if number is not None else ""
    return f"{named}event: {kind}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode()


def _places(service: Context, session_id: uuid.UUID) -> dict[uuid.UUID, int]:
    """The places in the queue of a session's submissions that wait."""
    with service.database.session() as db:
        return jobs.places(db, session_id)


def _after(service: Context, session_id: uuid.UUID, after: int) -> list[Event]:
    query = select(Event).where(Event.session_id == session_id, col(Event.id) > after)
    with service.database.session() as db:
        return list(db.exec(query.order_by(col(Event.id)).limit(PAGE)))
