from __future__ import annotations

import itertools
import json
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import pytest
import uvicorn
from sqlalchemy.exc import OperationalError
from sqlmodel import text

from api import events, sessions
from api.app import create
from api.database import Database
from api.settings import Settings
from tests.api.conftest import Candidate, Organisation
from tests.api.test_batches import SOURCE, judge


@pytest.fixture
def address(settings: Settings, database: Database) -> Iterator[str]:
    """A service that listens on a port, as event streams need it."""
    app = create(settings, database)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        thread.join(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}/api/v1"
    app.state.context.hub.end()
    server.should_exit = True
    thread.join()


@contextmanager
def stream(address: str, who: Candidate, last: str = "") -> Iterator[Iterator[dict[str, Any]]]:
    """A session's events, as they come."""
    headers = {"Authorization": f"Bearer {who.token}", **({"Last-Event-ID": last} if last else {})}
    with httpx2.stream("GET", f"{address}{who.path}/events", headers=headers, timeout=60) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield _parsed(answer.iter_lines())


def _parsed(lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    found: dict[str, Any] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        if name == "data":
            yield {**found, **json.loads(value)}
            found = {}
        elif name in ("id", "event"):
            found[name] = value


def kept(heard: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The events that are written down, which have numbers."""
    return (one for one in heard if "id" in one)


def test_place(ours: Organisation, database: Database, address: str) -> None:
    """Whoever waits hears how many are before, and hears it again when that changes."""
    ours.candidate().submit(SOURCE)
    waiting = ours.candidate()
    submission = waiting.submit(SOURCE).json()["id"]
    with stream(address, waiting) as heard:
        assert next(heard)["state"] == "queued"
        assert next(heard) == {"event": "place", "submission_id": submission, "place": 2}
        with database.engine.begin() as connection:
            connection.execute(
                text("DELETE FROM procrastinate_jobs WHERE id = (SELECT min(id) FROM procrastinate_jobs)")
            )
        assert next(heard) == {"event": "place", "submission_id": submission, "place": 1}


def test_in_turn(ours: Organisation, database: Database) -> None:
    """No event of a session gets a number while one with a lower number is not committed; other sessions go on."""
    one, other = (uuid.UUID(ours.candidate().session_id) for _ in range(2))
    with database.session() as first, database.session() as second:
        events.tell(first, one, "submission", {})
        second.connection().execute(text("SET LOCAL lock_timeout = '100ms'"))
        events.tell(second, other, "submission", {})
        with pytest.raises(OperationalError, match="lock timeout"):
            events.tell(second, one, "submission", {})


def test_told_beside_a_lock(ours: Organisation, database: Database) -> None:
    """Who has locked a session keeps nobody from telling something of it: they would wait for each other."""
    session_id = uuid.UUID(ours.candidate().session_id)
    with database.session() as first, database.session() as second:
        assert sessions.locked(first, session_id)
        second.connection().execute(text("SET LOCAL lock_timeout = '100ms'"))
        events.tell(second, session_id, "submission", {})
        second.commit()


def test_live(ours: Organisation, database: Database, address: str) -> None:
    """Whoever follows a session hears at once of what is handed in, begun and done, and never what came of it."""
    candidate = ours.candidate()
    with stream(address, candidate) as everything:
        heard = kept(everything)
        candidate.submit(SOURCE)
        assert next(heard)["state"] == "queued"
        judge(database)
        rest = [next(heard), next(heard)]
    assert [one["state"] for one in rest] == ["running", "done"]
    assert set(rest[1]) == {"id", "event", "submission_id", "task", "state"}


def test_resumed(ours: Organisation, database: Database, address: str) -> None:
    """Whoever was cut off goes on after the last event that was heard, without a gap and without a repetition."""
    candidate = ours.candidate()
    candidate.submit(SOURCE)
    judge(database)
    with stream(address, candidate) as heard:
        first = list(itertools.islice(kept(heard), 3))
    with stream(address, candidate, first[0]["id"]) as heard:
        assert list(itertools.islice(kept(heard), 2)) == first[1:]


def test_ends_with_the_service(ours: Organisation, address: str) -> None:
    """A service that stops ends its streams, and does not wait for them."""
    candidate = ours.candidate()
    with stream(address, candidate) as heard:
        candidate.submit(SOURCE)
        assert next(heard)["state"] == "queued"
