"""What machines that watch the service are told."""

from __future__ import annotations

import pytest
from sqlmodel import select
from starlette.testclient import TestClient

from api.app import create
from api.catalogue import Catalogue
from api.database import Database
from api.postgres import Postgres
from api.settings import Settings
from api.tables import LaneLoss
from api.worker import Worker
from grader.grade import Grader
from tests.api.conftest import Organisation
from tests.api.test_batches import SOURCE, judge


@pytest.fixture
def watcher(settings: Settings, database: Database) -> TestClient:
    """Somebody without a token."""
    return TestClient(create(settings, database))


def test_metrics(ours: Organisation, database: Database, watcher: TestClient) -> None:
    """What waits, what came of gradings, how long they took and which lanes were lost is counted."""
    candidate = ours.candidate()
    candidate.submit(SOURCE)
    judge(database)
    candidate.submit(SOURCE)
    with database.session() as db:
        db.add_all([LaneLoss(worker="w", lanes=2), LaneLoss(worker="w", lanes=1)])
        db.commit()
    told = dict(line.rsplit(" ", 1) for line in watcher.get("/metrics").text.splitlines() if not line.startswith("#"))
    assert float(told['forwardpass_gradings{state="queued"}']) == 1
    assert float(told['forwardpass_results_total{verdict="fail"}']) == 1
    assert float(told['forwardpass_attempts_total{outcome="done"}']) == 1
    assert float(told["forwardpass_lanes_replaced_total"]) == 3
    assert float(told['forwardpass_queue_age_seconds{queue="cpu"}']) >= 0
    assert float(told['forwardpass_grading_seconds_sum{phase="waiting"}']) >= 0


def test_lost_lanes(settings: Settings, database: Database) -> None:
    """A worker writes down every lane it lost, once."""
    grader = Grader(1)
    worker = Worker(settings, database, grader, Catalogue(), ("cpu",))
    for lost in (2, 0, 1):
        grader._lanes.replaced += lost
        worker._count_lanes()
    with database.session() as db:
        assert [row.lanes for row in db.exec(select(LaneLoss)).all()] == [2, 1]


def test_ready(watcher: TestClient, postgres: Postgres) -> None:
    """A service whose database is away lives and is not ready; it is again when the database is back."""
    assert watcher.get("/readyz").json()["status"] == "ok"
    postgres.kill()
    try:
        assert watcher.get("/healthz").status_code == 200
        assert watcher.get("/readyz").status_code == 503
    finally:
        postgres.start()
    assert watcher.get("/readyz").status_code == 200
