"""A real PostgreSQL for all tests of the service, a fresh copy of its schema for each, and people to call with."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from starlette.testclient import TestClient

from api import bootstrap, secrets
from api.app import PREFIX, create
from api.database import Database
from api.postgres import Postgres, temporary
from api.settings import Settings
from api.tables import Kind, Role, Token

TASK = "q026-stable-softmax"


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A server whose database `postgres` has an empty schema that is up to date."""
    with temporary() as server:
        made = Database(server.url)
        made.migrate()
        made.close()
        yield server


@pytest.fixture
def url(postgres: Postgres) -> Iterator[str]:
    """A database of its own for one test."""
    name = f"t{uuid.uuid4().hex}"
    _administer(postgres, f"CREATE DATABASE {name} TEMPLATE postgres")
    yield postgres.url.replace("/postgres?", f"/{name}?")
    _administer(postgres, f"DROP DATABASE {name} WITH (FORCE)")


def _administer(postgres: Postgres, command: str) -> None:
    with psycopg.connect(postgres.url.replace("/postgres?", "/template1?"), autocommit=True) as admin:
        admin.execute(command.encode())


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    """Connections to it."""
    made = Database(url)
    yield made
    made.close()


@pytest.fixture
def settings() -> Settings:
    """Settings that stand in no test's way."""
    return Settings(requests_a_minute=100_000)


@pytest.fixture
def web(settings: Settings, database: Database) -> Iterator[TestClient]:
    """The application, without a caller."""
    with TestClient(create(settings, database), base_url=f"http://testserver{PREFIX}") as made:
        yield made


@dataclass
class Someone:
    """A caller: `get`, `post` and so on with their token."""

    web: TestClient
    token: str

    def __getattr__(self, method: str) -> Callable[..., Any]:
        def call(path: str, **kwargs: Any) -> Any:
            headers = {"Authorization": f"Bearer {self.token}", **kwargs.pop("headers", {})}
            return getattr(self.web, method)(path, headers=headers, **kwargs)

        return call


@dataclass
class Candidate(Someone):
    """A caller in a session."""

    session_id: str = ""

    @property
    def path(self) -> str:
        """Where the session is."""
        return f"/sessions/{self.session_id}"

    def submit(self, source: str, task: str = TASK, **kwargs: Any) -> Any:
        """Hand something in."""
        return self.post(f"{self.path}/submissions", json={"task": task, "source": source}, **kwargs)


@dataclass
class Organisation:
    """One company: its people by role, and short ways to what they do."""

    web: TestClient
    database: Database
    id: uuid.UUID
    admin: Someone

    def a(self, role: Role, scopes: tuple[str, ...] = ()) -> Someone:
        """Somebody of this role."""
        token = secrets.new("fpk_")
        row = Token(
            organisation_id=self.id, kind=Kind.KEY, role=role, start="", hash=secrets.hashed(token), scopes=list(scopes)
        )
        with self.database.session() as db:
            db.add(row)
            db.commit()
        return Someone(self.web, token)

    def assessment(self, **changes: Any) -> dict[str, Any]:
        """An assessment of one task."""
        given = {"title": "A", "level": "lead", "tasks": [{"task": TASK, "parts": ["softmax"]}], **changes}
        answer = self.admin.post("/assessments", json=given)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    def invitation(self, assessment: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
        """An invitation to an assessment, or to a new one."""
        of = (assessment or self.assessment())["id"]
        given = {"name": "Ada Byron", "email": "ada@example.org", **changes}
        made: dict[str, Any] = self.admin.post(f"/assessments/{of}/invitations", json=given).json()
        return made

    def candidate(self, assessment: dict[str, Any] | None = None, **changes: Any) -> Candidate:
        """A candidate whose clock runs."""
        invitation = self.invitation(assessment, **changes)
        begun = self.web.post("/invitations/accept", json={"token": invitation["token"]}).json()
        return Candidate(self.web, begun["token"], begun["session_id"])


@pytest.fixture
def organise(web: TestClient, database: Database) -> Callable[[], Organisation]:
    """Make an organisation."""

    def make() -> Organisation:
        with database.session() as db:
            key = bootstrap.new_organisation(db, "An organisation")
            db.commit()
        me = web.get("/me", headers={"Authorization": f"Bearer {key}"}).json()
        return Organisation(web, database, uuid.UUID(me["organisation_id"]), Someone(web, key))

    return make


@pytest.fixture
def ours(organise: Callable[[], Organisation]) -> Organisation:
    """The organisation that most tests are about."""
    return organise()
