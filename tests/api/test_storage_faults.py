"""What breaks below the service: its database's disk, its process, and its connections at every single statement."""

from __future__ import annotations

import base64
import contextlib
import os
import secrets
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import httpx2
import pytest
from sqlalchemy import Connection, event
from sqlmodel import func, select, text

from api import worker as worker_module
from api.catalogue import Catalogue
from api.database import Database
from api.settings import Settings
from api.tables import Grading, State, Submission
from api.worker import Worker
from grader.grade import Grader
from tests.api.conftest import TASK, Organisation
from tests.api.processes import Started, all_done, eventually, started, verdicts

WRONG: Final = "def softmax(x, dim=-1):\n    return x\n"
DISK_MB: Final = 160
#: No statement that a request or a grading needs has a higher number.
MOST_STATEMENTS: Final = 80


class Cut:
    """Has the server end a connection just before its `number`th statement, once."""

    def __init__(self, database: Database, number: int) -> None:
        self._database, self._left = database, number

    def __enter__(self) -> Cut:
        event.listen(self._database.engine, "before_cursor_execute", self._before)
        return self

    def __exit__(self, *_: object) -> None:
        event.remove(self._database.engine, "before_cursor_execute", self._before)

    @property
    def happened(self) -> bool:
        """Whether there were so many statements."""
        return self._left <= 0

    def _before(self, connection: Connection, *_: Any) -> None:
        self._left -= 1
        if self._left == 0:
            pid = connection.connection.driver_connection.info.backend_pid  # type: ignore[union-attr]
            with self._database.engine.connect() as other:
                self._left -= 1  # the statement that cuts is not counted
                other.connection.driver_connection.execute(  # type: ignore[union-attr]
                    "SELECT pg_terminate_backend(%s, 5000)", [pid]
                )


def counts(database: Database) -> tuple[int, int, int]:
    """Submissions, gradings and jobs."""
    jobs = text("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'grade'")
    with database.session() as db:
        kept = [db.exec(select(func.count()).select_from(table)).one() for table in (Submission, Grading)]
        return kept[0], kept[1], int(db.connection().execute(jobs).scalar_one())


def test_cut_while_handing_in(ours: Organisation, database: Database) -> None:
    """Wherever the connection breaks, a submission is there with grading and job or not at all, and a retry helps."""
    candidate = ours.candidate(ours.assessment(attempts=1000))
    for number in range(1, MOST_STATEMENTS):
        key = {"Idempotency-Key": f"the {number}th"}
        with Cut(database, number) as cut:
            answer = candidate.submit(f"{WRONG}# {number}", headers=key)
        assert answer.status_code in (202, 503), answer.text
        assert candidate.submit(f"{WRONG}# {number}", headers=key).status_code == 202
        assert counts(database) == (number, number, number)
        if not cut.happened:
            break
    assert 5 < number < MOST_STATEMENTS - 1


@pytest.fixture(scope="module")
def grader() -> Iterator[Grader]:
    """One lane."""
    with Grader(1) as made:
        yield made


def test_cut_while_grading(
    ours: Organisation, database: Database, settings: Settings, grader: Grader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever a worker's connection breaks, the submission has one result in the end, the one without the fault."""
    monkeypatch.setattr(worker_module, "RETRY_S", 0.0)
    candidate = ours.candidate(ours.assessment(attempts=1000))
    worker = Worker(settings, database, grader, Catalogue(), ("cpu",))
    for number in range(1, MOST_STATEMENTS):
        candidate.submit(WRONG)
        with database.session() as db:
            (grading,) = db.exec(select(Grading).where(Grading.state == State.QUEUED)).all()
        with Cut(database, number) as cut:
            worker.grade(str(grading.id))
        if not cut.happened:
            break
    all_done(database, number)
    assert 5 < number < MOST_STATEMENTS - 1
    assert set(verdicts(database)) == {"fail"}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system with little room."""
    if os.geteuid():
        pytest.skip("mounting a small file system takes root")
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", str(tmp_path)], check=True)
    yield tmp_path
    subprocess.run(["umount", "--lazy", str(tmp_path)], check=True)


class Served:
    """A service in processes of its own, with one lane, and a candidate."""

    def __init__(self, service: Started) -> None:
        key = service.until(r"key, told only now: (\S+)")[1]
        self._at = service.until(r"Forward Pass is at (\S+)")[1]
        admin = self._client(key)
        asked = {"title": "A", "level": "lead", "attempts": 1000, "tasks": [{"task": TASK, "parts": ["softmax"]}]}
        assessment = admin.post("/assessments", json=asked).json()
        whom = {"name": "Ada", "email": "ada@example.org"}
        token = admin.post(f"/assessments/{assessment['id']}/invitations", json=whom).json()["token"]
        begun = self._client("").post("/invitations/accept", json={"token": token}).json()
        self._candidate = self._client(begun["token"])
        self._path = f"/sessions/{begun['session_id']}/submissions"

    def submit(self, source: str) -> httpx2.Response:
        """Hand something in."""
        return self._candidate.post(self._path, json={"task": TASK, "source": source})

    def states(self) -> list[str]:
        """Where the latest submissions are."""
        answer = self._candidate.get(f"{self._path}?limit=200")
        return [one["state"] for one in answer.json()["items"]] if answer.status_code == 200 else []

    def readiness(self) -> int:
        """What a load balancer is told."""
        return httpx2.get(f"{self._at}/readyz", timeout=60).status_code

    def _client(self, token: str) -> httpx2.Client:
        return httpx2.Client(
            base_url=f"{self._at}/api/v1", headers={"Authorization": f"Bearer {token}"} if token else {}, timeout=60
        )


@contextlib.contextmanager
def served(data: Path) -> Iterator[Served]:
    """A service on a folder."""
    words = ("serve", "--data", str(data), "--port", "0", "--workers", "1")
    with started(*words, FORWARDPASS_REQUESTS_A_MINUTE="100000") as service:
        yield Served(service)
        service.send(signal.SIGTERM)
        assert service.ended() == 0


def test_full_disk(small_disk: Path) -> None:
    """While the disk is full submissions are refused, and none that was taken is lost; with room all goes on."""
    with served(small_disk / "data") as service:
        taken = 0
        (small_disk / "balloon").write_bytes(b"\1" * _free(small_disk))
        for _ in range(400):
            answer = service.submit(WRONG + "# " + base64.b64encode(secrets.token_bytes(150_000)).decode())
            taken += answer.status_code == 202
            if answer.status_code != 202:
                break
        assert (answer.status_code, answer.headers.get("retry-after")) == (503, "2")
        (small_disk / "balloon").unlink()
        eventually(lambda: service.submit(WRONG), lambda again: again.status_code == 202)
        eventually(service.states, lambda found: found == ["done"] * (taken + 1))
        assert service.readiness() == 200


def test_own_database_dies(tmp_path: Path) -> None:
    """A PostgreSQL of our own that is killed is started again, and what was taken is graded."""
    with served(tmp_path / "data") as service:
        assert service.submit(WRONG).status_code == 202
        os.kill(int((tmp_path / "data/postgres/data/postmaster.pid").read_text().split()[0]), signal.SIGKILL)
        eventually(lambda: service.submit(WRONG), lambda again: again.status_code == 202)
        eventually(service.states, lambda found: found == ["done"] * 2)


def _free(folder: Path) -> int:
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize
