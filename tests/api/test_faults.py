"""What breaks in the middle, and what must be left of it: nothing lost, one result a submission, the same verdict."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import httpx2
import pytest
from sqlalchemy.exc import DBAPIError
from sqlmodel import select, text

from api import faults, gradings
from api.catalogue import Catalogue
from api.database import Database
from api.housekeeping import sweep
from api.postgres import Postgres
from api.settings import Settings
from api.tables import Attempt, Grading, Session, State, Submission
from api.worker import Worker
from grader.grade import Grader
from tests.api.conftest import TASK, Organisation
from tests.api.processes import SLOW, all_done, descendants, eventually, started, states, unhurried, verdicts, worker

RIGHT = Path("demo/submissions/right_softmax.py").read_text(encoding="utf-8")
WRONG = "def softmax(x, dim=-1):\n    return x\n"


@pytest.mark.parametrize("place", ["fetched", "begun", "graded", "committed"])
def test_worker_dies(ours: Organisation, url: str, database: Database, tmp_path: Path, place: str) -> None:
    """Wherever a worker dies, another does its work, and every submission has one result: the one without the fault."""
    candidate = ours.candidate()
    for source in (RIGHT, WRONG):
        assert candidate.submit(source).status_code == 202
    with worker(url, die_at=place, notes=tmp_path) as first:
        assert first.ended() == faults.EXIT
    with worker(url):
        all_done(database, 2)
    assert verdicts(database) == ["fail", "pass"]


def test_paused_worker(ours: Organisation, url: str, database: Database) -> None:
    """A worker that stood still for too long finds its work done by another and the door closed; then it works on."""
    candidate = unhurried(ours)
    candidate.submit(SLOW)
    with worker(url) as paused:
        eventually(lambda: states(database), lambda found: found == {State.RUNNING: 1})
        paused.send(signal.SIGSTOP)
        with worker(url):
            all_done(database, 1)
        paused.send(signal.SIGCONT)
        paused.until("another attempt was faster")
        candidate.submit(WRONG)
        all_done(database, 2)
    with database.session() as db:
        outcomes = sorted(one.outcome for one in db.exec(select(Attempt)).all())
    assert outcomes == ["", "done", "done"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGQUIT])
def test_worker_is_stopped(ours: Organisation, url: str, database: Database, number: int) -> None:
    """A worker told to stop hands back what it cannot finish in time; that uses up none of its tries."""
    unhurried(ours).submit(SLOW)
    with worker(url, FORWARDPASS_GRACE_S="0.1") as stopped:
        eventually(lambda: states(database), lambda found: found == {State.RUNNING: 1})
        stopped.send(number)
        assert stopped.ended() == 0
    with database.session() as db:
        (grading,) = db.exec(select(Grading)).all()
        (attempt,) = db.exec(select(Attempt)).all()
    assert (grading.state, grading.tries, attempt.outcome) == (State.QUEUED, 0, "handed_back")
    with worker(url):
        all_done(database, 1)


def test_stopped_worker_leaves_nothing(settings: Settings, database: Database) -> None:
    """A worker that has stopped has ended all it had begun: what is left may swallow the loop's end, and never ends."""
    settings = settings.model_copy(update={"heartbeat_s": 0.001})  # it is in the middle of something all the time

    async def left() -> set[object]:
        worker = Worker(settings, database, Grader(1), Catalogue(), ("cpu",))
        working = asyncio.create_task(worker.run())
        await asyncio.to_thread(eventually, lambda: _workers(database))
        worker.stop()
        await working
        return {task.get_coro() for task in asyncio.all_tasks() - {asyncio.current_task()}}

    assert [asyncio.run(left()) for _ in range(5)] == [set()] * 5


def _workers(database: Database) -> int:
    """How many the queue knows."""
    with database.session() as db:
        return int(db.connection().execute(text("SELECT count(*) FROM procrastinate_workers")).scalar_one())


def test_worker_is_killed(ours: Organisation, url: str, database: Database) -> None:
    """A worker that is killed at work leaves no process behind, and another does its work."""
    unhurried(ours).submit(SLOW)
    with worker(url) as killed:
        eventually(lambda: states(database), lambda found: found == {State.RUNNING: 1})
        left = descendants(killed.process.pid)
        assert left
        killed.send(signal.SIGKILL)
        assert killed.ended() == -signal.SIGKILL
    eventually(lambda: [process for process in left if process.lives()], lambda found: not found)
    with worker(url):
        all_done(database, 1)


def test_worker_is_stopped_without_a_database(
    ours: Organisation, url: str, database: Database, postgres: Postgres
) -> None:
    """A worker told to stop, twice even, stops also where the database is away, and what it held is done by another."""
    unhurried(ours).submit(SLOW)
    with worker(url, FORWARDPASS_GRACE_S="0.1") as stopped:
        eventually(lambda: states(database), lambda found: found == {State.RUNNING: 1})
        postgres.kill()
        try:
            stopped.send(signal.SIGTERM)
            stopped.send(signal.SIGTERM)
            assert stopped.ended() == 0
        finally:
            postgres.start()
    with worker(url):
        all_done(database, 1)


def test_api_dies_after_commit(tmp_path: Path) -> None:
    """A service that dies between commit and answer has kept the submission; the same key gets its answer."""
    words = ("serve", "--data", str(tmp_path / "data"), "--port", "0", "--workers", "0")
    with started(*words, die_at="accepted", notes=tmp_path) as service:
        key = service.until(r"key, told only now: (\S+)")[1]
        at = service.until(r"Forward Pass is at (\S+)")[1]
        admin = httpx2.Client(base_url=f"{at}/api/v1", headers={"Authorization": f"Bearer {key}"})
        asked = {"title": "A", "level": "lead", "tasks": [{"task": TASK, "parts": ["softmax"]}]}
        assessment = admin.post("/assessments", json=asked).json()
        whom = {"name": "Ada", "email": "ada@example.org"}
        token = admin.post(f"/assessments/{assessment['id']}/invitations", json=whom).json()["token"]
        begun = httpx2.post(f"{at}/api/v1/invitations/accept", json={"token": token}).json()
        path = f"/api/v1/sessions/{begun['session_id']}/submissions"
        headers = {"Authorization": f"Bearer {begun['token']}", "Idempotency-Key": "mine"}
        with pytest.raises(httpx2.HTTPError):
            httpx2.post(at + path, json={"task": TASK, "source": WRONG}, headers=headers, timeout=60)
        assert service.ended() == faults.EXIT
    with started(*words, die_at="accepted", notes=tmp_path) as service:
        at = service.until(r"Forward Pass is at (\S+)")[1]
        again = httpx2.post(at + path, json={"task": TASK, "source": WRONG}, headers=headers)
        listed = httpx2.get(at + path, headers=headers).json()["items"]
        service.send(signal.SIGTERM)
        assert service.ended() == 0
    assert (again.status_code, again.headers["idempotency-replayed"]) == (202, "true")
    assert [one["id"] for one in listed] == [again.json()["id"]]


def test_database_dies(ours: Organisation, url: str, database: Database, postgres: Postgres) -> None:
    """PostgreSQL killed in the middle costs time: what was accepted is graded, what was not is told to try again."""
    candidate = ours.candidate()
    accepted = 0
    with worker(url):
        for number in range(6):
            if number == 3:
                postgres.kill()
                refused = candidate.submit(WRONG)
                assert (refused.status_code, refused.headers["retry-after"]) == (503, "2")
                postgres.start()
            eventually(lambda: candidate.submit(RIGHT), lambda answer: answer.status_code == 202)
            accepted += 1
        all_done(database, accepted)
    assert verdicts(database) == ["pass"] * accepted


def test_duplicate_delivery(ours: Organisation, database: Database) -> None:
    """Of two workers that were handed one grading the later may commit, whichever comes first, and only once."""
    ours.candidate().submit(WRONG)
    with database.session() as db:
        (grading,) = db.exec(select(Grading)).all()
        first, second = (gradings.begin(db, grading.id, name) for name in ("one", "two"))
        assert first is not None
        assert second is not None
        report = {"verdict": "fail", "points": 0, "max_points": 5, "task_digest": "d"}
        assert not gradings.commit_result(db, first.id, first.epoch, report)
        assert gradings.commit_result(db, second.id, second.epoch, report)
        assert not gradings.commit_result(db, second.id, second.epoch, report)
    all_done(database, 1)


def test_poison(ours: Organisation, database: Database) -> None:
    """What costs three workers their lives is parked for a person, uses up no attempt, and can be tried again."""
    candidate = ours.candidate(ours.assessment(attempts=1))
    poison = candidate.submit(WRONG).json()["id"]
    with database.session() as db:
        (grading,) = db.exec(select(Grading)).all()
        for _ in range(gradings.TRIES):
            assert gradings.begin(db, grading.id, "doomed")
        assert gradings.begin(db, grading.id, "spared") is None
    assert [one["id"] for one in ours.admin.get("/parked").json()["items"]] == [poison]
    assert candidate.submit(RIGHT).status_code == 202
    assert ours.admin.post(f"/submissions/{poison}/retry").json()["state"] == "queued"


def test_deadline(ours: Organisation, database: Database) -> None:
    """A draft that is alive when the time is over is handed in, once, whoever looks first."""
    candidate = ours.candidate()
    path = f"{candidate.path}/drafts/{TASK}"
    candidate.put(path, json={"source": WRONG}, headers={"If-Match": '"0"'})
    with database.session() as db:
        (session,) = db.exec(select(Session)).all()
        session.ends_at = session.started_at
        db.add(session)
        db.commit()
    assert candidate.submit(RIGHT).status_code == 409
    for _ in range(2):
        sweep(database, Catalogue())
    with database.session() as db:
        (submission,) = db.exec(select(Submission)).all()
    assert (submission.source.decode(), submission.at_deadline) == (WRONG, True)


def test_lost_job(ours: Organisation, database: Database) -> None:
    """A grading whose job is gone, as after a restored backup, gets another."""
    ours.candidate().submit(WRONG)
    with database.session() as db:
        db.connection().execute(text("DELETE FROM procrastinate_jobs"))
        db.connection().execute(text("UPDATE grading SET created_at = now() - interval '1 hour'"))
        db.commit()
    sweep(database, Catalogue())
    with database.session() as db:
        assert db.connection().execute(text("SELECT count(*) FROM procrastinate_jobs")).scalar_one() == 1


def test_results_never_change(ours: Organisation, database: Database) -> None:
    """The database itself refuses to change a result."""
    test_duplicate_delivery(ours, database)
    with database.session() as db, pytest.raises(DBAPIError, match="a result is never changed"):
        db.connection().execute(text("UPDATE result SET points = 5"))
