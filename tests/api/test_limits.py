"""What one caller may send: how much at once, how often, and what is logged of it when something fails."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from api.app import PREFIX, create
from api.database import Database
from api.settings import Settings
from tests.api.conftest import Organisation

LARGE = 65 * 1024


@pytest.fixture
def settings() -> Settings:
    """Little of everything."""
    return Settings(max_body_kb=64, requests_a_minute=5)


def chunks() -> Iterator[bytes]:
    """A large body whose length nobody announces."""
    for _ in range(LARGE // 1024):
        yield b" " * 1024


@pytest.mark.parametrize("announced", [True, False])
def test_large_requests(ours: Organisation, announced: bool) -> None:
    """A request that is too large is refused, whether it says so or not."""
    answer = ours.admin.post("/assessments", content=b" " * LARGE if announced else chunks())
    assert (answer.status_code, answer.headers["content-type"]) == (413, "application/problem+json")


def test_often(ours: Organisation, settings: Settings, database: Database) -> None:
    """Writes are counted over all services of one database; who writes too often is told how long to wait."""
    with TestClient(create(settings, database), base_url=f"http://testserver{PREFIX}") as other:
        headers = {"Authorization": f"Bearer {ours.admin.token}"}
        webs = [ours.web, other] * 3
        answers = [web.post("/assessments", json={}, headers=headers) for web in webs]
    assert [answer.status_code for answer in answers] == [422] * 5 + [429]
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 60
    assert answers[-1].headers["ratelimit-policy"] == '"writes";q=5;w=60'
    assert ours.admin.get("/assessments").status_code == 200


def test_crowd(ours: Organisation, url: str) -> None:
    """Many more requests at once than there are connections and threads are all answered; none waits in a circle."""
    app = create(Settings(pool=4), Database(url, pool=4))
    headers = {"Authorization": f"Bearer {ours.admin.token}"}

    async def ask() -> list[int]:
        transport = httpx2.ASGITransport(app)
        async with httpx2.AsyncClient(transport=transport, base_url=f"http://test{PREFIX}", headers=headers) as web:
            answers = await asyncio.gather(*(web.get("/assessments") for _ in range(120)))
        return [answer.status_code for answer in answers]

    assert asyncio.run(ask()) == [200] * 120


def test_logs_quote_nobody(ours: Organisation, database: Database, caplog: pytest.LogCaptureFixture) -> None:
    """When the database fails, one line says what and where in our code, and has no value of the request in it."""
    with database.engine.begin() as connection:
        connection.execute(text("ALTER TABLE assessment ADD CHECK (title <> 'Nomen Nescio')"))
    body = {"title": "Nomen Nescio", "level": "lead", "tasks": [{"task": "q026-stable-softmax"}]}
    assert ours.admin.post("/assessments", json=body).status_code == 503
    (told,) = [one.getMessage() for one in caplog.records if one.name == "forwardpass.api"]
    assert re.fullmatch(r"the database failed: CheckViolation: .* \(in .*assessments\.py:\d+ \w+.*\)", told)
    assert "Nomen" not in caplog.text


def test_logs_name_an_outage(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A request that finds no database takes one line of the log, in the driver's words."""
    web = TestClient(create(Settings(), Database(f"postgresql:///postgres?host={tmp_path}")))
    assert web.get(f"{PREFIX}/assessments", headers={"Authorization": "Bearer mine"}).status_code == 503
    (told,) = [one.getMessage() for one in caplog.records if one.name == "forwardpass.api"]
    assert re.fullmatch(r"the database failed: OperationalError: connection .+ \(in .*\.py:\d+ \w+.*\)", told)
