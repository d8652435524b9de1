"""Who may call what: a table of every route, and what strangers are told."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any, Final

import pytest
from sqlmodel import col, func, select, update
from starlette.testclient import TestClient

from api.database import Database
from api.openapi import description
from api.tables import Role, Token
from tests.api.conftest import TASK, Organisation, Someone
from tests.api.test_batches import judge

ADMIN, RECRUITER, REVIEWER, CI, CANDIDATE = Role.ADMIN, Role.RECRUITER, Role.REVIEWER, Role.CI, Role.CANDIDATE
WRITERS: Final = {ADMIN, RECRUITER}
STAFF: Final = {*WRITERS, REVIEWER}
READERS: Final = {*STAFF, CI}
ALL: Final = {*READERS, CANDIDATE}
NOBODY: Final[set[Role]] = set()

#: Every route under /api/v1: who may call it; without a token only those in `OPEN`.
TABLE: Final = {
    "GET /tasks": ALL,
    "GET /tasks/{task_id}": ALL,
    "POST /assessments": WRITERS,
    "GET /assessments": READERS,
    "POST /assessments/draw": WRITERS,
    "GET /assessments/{assessment_id}": READERS,
    "PATCH /assessments/{assessment_id}": WRITERS,
    "POST /assessments/{assessment_id}/invitations": WRITERS,
    "GET /assessments/{assessment_id}/invitations": READERS,
    "GET /assessments/{assessment_id}/results": READERS,
    "GET /assessments/{assessment_id}/results.csv": READERS,
    "GET /invitations/{invitation_id}": READERS,
    "POST /invitations/{invitation_id}/renew": {ADMIN, RECRUITER},
    "DELETE /invitations/{invitation_id}": WRITERS,
    "GET /sessions": READERS,
    "GET /sessions/{session_id}": ALL,
    "DELETE /sessions/{session_id}": WRITERS,
    "POST /sessions/{session_id}/finish": {*WRITERS, CANDIDATE},
    "POST /sessions/{session_id}/time": WRITERS,
    "GET /sessions/{session_id}/drafts/{task_id}": ALL,
    "PUT /sessions/{session_id}/drafts/{task_id}": {CANDIDATE},
    "GET /sessions/{session_id}/events": ALL,
    "POST /sessions/{session_id}/runs": {CANDIDATE},
    "GET /runs/{run_id}": ALL,
    "POST /sessions/{session_id}/submissions": {CANDIDATE},
    "GET /sessions/{session_id}/submissions": ALL,
    "GET /submissions/{submission_id}": ALL,
    "GET /submissions/{submission_id}/source": ALL,
    "GET /submissions/{submission_id}/report": ALL,
    "GET /submissions/{submission_id}/revisions": STAFF,
    "POST /submissions/{submission_id}/cancel": WRITERS,
    "POST /submissions/{submission_id}/retry": WRITERS,
    "GET /parked": READERS,
    "GET /sessions/{session_id}/report": STAFF,
    "POST /sessions/{session_id}/scores": STAFF,
    "POST /batches": {*WRITERS, CI},
    "GET /batches": READERS,
    "GET /batches/{batch_id}": READERS,
    "GET /batches/{batch_id}/changes": READERS,
    "POST /batches/{batch_id}/apply": WRITERS,
    "POST /batches/{batch_id}/discard": WRITERS,
    "POST /webhooks": {ADMIN},
    "GET /webhooks": {ADMIN},
    "GET /webhooks/{webhook_id}": {ADMIN},
    "DELETE /webhooks/{webhook_id}": {ADMIN},
    "POST /webhooks/{webhook_id}/test": {ADMIN},
    "GET /webhooks/{webhook_id}/deliveries": {ADMIN},
    "POST /webhooks/{webhook_id}/deliveries/{delivery_id}/replay": {ADMIN},
    "GET /me": ALL,
    "POST /sign-out": ALL,
    "POST /users": {ADMIN},
    "GET /users": STAFF,
    "PATCH /users/{user_id}": {ADMIN},
    "POST /users/{user_id}/sign-in-links": {ADMIN},
    "POST /keys": {ADMIN},
    "GET /keys": {ADMIN},
    "DELETE /keys/{key_id}": {ADMIN},
    "GET /audit": {ADMIN},
}
OPEN: Final = {"POST /invitations/accept", "POST /sign-in"}
ROUTES: Final = [
    f"{method.upper()} {path.removeprefix('/api/v1')}"
    for path, methods in description()["paths"].items()
    for method in methods
    if path.startswith("/api/v1")
]
ANSWERS: Final = {"POST /assessments": {"title": "A", "level": "lead", "tasks": [{"task": TASK}]}}


class World:
    """An organisation with one of everything, to be asked for by its identifier."""

    def __init__(self, ours: Organisation, database: Database) -> None:
        self.ours = ours
        assessment = ours.assessment()
        self.candidate = ours.candidate(assessment)
        body = {"task": TASK, "source": "x = 1"}
        submission = self.candidate.submit("x = 1").json()["id"]
        run = self.candidate.post(f"{self.candidate.path}/runs", json=body).json()["id"]
        judge(database)
        batch = ours.admin.post("/batches", json={"reason": "r", "task": TASK}).json()["id"]
        user = {"email": "r@example.org", "name": "R", "role": "reviewer"}
        self.ids = {
            "task_id": TASK,
            "assessment_id": assessment["id"],
            "invitation_id": ours.invitation(assessment)["id"],
            "session_id": self.candidate.session_id,
            "run_id": run,
            "submission_id": submission,
            "batch_id": batch,
            "user_id": ours.admin.post("/users", json=user).json()["id"],
            **self._webhook(),
            "key_id": ours.admin.post("/keys", json={"name": "k"}).json()["id"],
        }
        self.people: dict[Role, Someone] = {role: ours.a(role) for role in READERS} | {CANDIDATE: self.candidate}

    def _webhook(self) -> dict[str, str]:
        """A webhook that was pinged."""
        given = {"url": "https://hooks.example.org/x", "events": ["ping"]}
        webhook = self.ours.admin.post("/webhooks", json=given).json()["id"]
        return {"webhook_id": webhook, "delivery_id": self.ours.admin.post(f"/webhooks/{webhook}/test").json()["id"]}

    def ask(self, who: Any, route: str) -> Any:
        """Call a route for this world's things."""
        method, path = route.split(" ")
        more = {"json": ANSWERS.get(route, {})} if method in ("POST", "PUT", "PATCH") else {}
        return getattr(who, method.lower())(path.format(**self.ids), **more)


@pytest.fixture
def world(ours: Organisation, database: Database) -> World:
    """One of everything."""
    return World(ours, database)


def test_table() -> None:
    """Every route is in the table: whoever adds one says who may call it."""
    assert sorted([*TABLE, *OPEN]) == sorted(ROUTES)


def test_without_token(world: World, web: TestClient) -> None:
    """Without a living token there is nothing but the two ways in."""
    for route in TABLE:
        for token in ("", "fpk_wrong"):
            answer = world.ask(Someone(web, token), route)
            assert (route, answer.status_code) == (route, 401)


def test_wrong_role(world: World) -> None:
    """Whoever is not in the table is turned away, whatever the request says."""
    for route, roles in TABLE.items():
        for role, who in world.people.items():
            if role not in roles:
                answer = world.ask(who, route)
                assert (route, role, answer.status_code in (403, 404, 422)) == (route, role, True)
                assert answer.status_code != 422 or role is not CANDIDATE


@pytest.mark.parametrize("role", sorted(ALL))
def test_right_role(world: World, role: Role) -> None:
    """Whoever is in the table gets past the door: what comes then is about the request."""
    for route, roles in TABLE.items():
        if role in roles and not route.startswith("DELETE") and not route.endswith(("/events", "sign-out")):
            answer = world.ask(world.people[role], route)
            assert (route, answer.status_code in (401, 403, 404), answer.status_code < 500) == (route, False, True)


def test_strangers(world: World, organise: Callable[[], Organisation]) -> None:
    """To another organisation, and to another candidate, what belongs to us does not exist."""
    theirs = organise()
    strangers = {role: theirs.a(role) for role in READERS}
    other = world.ours.candidate()
    for route, roles in TABLE.items():
        if "{" not in route or (route.endswith("{task_id}") and "drafts" not in route):
            continue
        for role, who in [*strangers.items(), (CANDIDATE, theirs.candidate()), (CANDIDATE, other)]:
            if role in roles:
                answer = world.ask(who, route)
                assert (route, role, answer.status_code in (404, 422)) == (route, role, True)
                absent = _absent(world, who, route)
                assert (answer.status_code, answer.json()["detail"]) == (absent.status_code, absent.json()["detail"])


def test_dead_tokens(ours: Organisation, database: Database) -> None:
    """A token that expired, was revoked, or whose owner was shut out opens nothing."""
    user = ours.admin.post("/users", json={"email": "r@example.org", "name": "R", "role": "recruiter"}).json()
    link = ours.admin.post(f"/users/{user['id']}/sign-in-links").json()["token"]
    signed_in = ours.web.post("/sign-in", json={"token": link}).json()["token"]
    ours.web.cookies.clear()
    assert ours.web.post("/sign-in", json={"token": link}).status_code == 401
    person, key = Someone(ours.web, signed_in), ours.a(RECRUITER)
    assert person.get("/me").json()["name"] == "R <r@example.org>"
    assert Someone(ours.web, link).get("/me").status_code == 401
    assert ours.admin.patch(f"/users/{user['id']}", json={"disabled": True}).status_code == 200
    assert person.get("/me").status_code == 401
    with database.session() as db:
        db.exec(update(Token).where(col(Token.role) == RECRUITER).values(expires_at=func.now()))
        db.commit()
    assert key.get("/me").status_code == 401


def test_scopes(ours: Organisation) -> None:
    """A key for reading cannot write."""
    reader = ours.a(ADMIN, ("read",))
    assert reader.get("/users").status_code == 200
    assert reader.post("/keys", json={"name": "k"}).status_code == 403


def test_cookie(ours: Organisation) -> None:
    """A browser's cookie reads; it writes only from our own pages, so no other site can make it."""
    user = ours.admin.post("/users", json={"email": "r@example.org", "name": "R", "role": "recruiter"}).json()
    link = ours.admin.post(f"/users/{user['id']}/sign-in-links").json()["token"]
    assert ours.web.post("/sign-in", json={"token": link}).status_code == 200
    body = {"title": "A", "level": "lead", "tasks": [{"task": TASK}]}
    assert ours.web.get("/assessments").status_code == 200
    assert ours.web.post("/assessments", json=body).status_code == 403
    assert ours.web.post("/assessments", json=body, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert ours.web.post("/assessments", json=body, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 201


def test_tokens_are_hashed(ours: Organisation, database: Database) -> None:
    """No token is kept in a way that it could be used again, a repeated answer included."""
    headers = {"Idempotency-Key": "k"}
    made, again = (ours.admin.post("/keys", json={"name": "k"}, headers=headers).json() for _ in range(2))
    assert (made["id"], again["token"]) == (again["id"], "")
    with database.session() as db:
        rows = db.exec(select(Token)).all()
    kept = " ".join(str(row.model_dump()) for row in rows)
    assert made["token"] not in kept
    assert ours.admin.token not in kept


def _absent(world: World, who: Any, route: str) -> Any:
    """What the same caller is told of a thing that does not exist."""
    known, world.ids = world.ids, {**world.ids, **_random(world.ids)}
    try:
        return world.ask(who, route)
    finally:
        world.ids = known


def _random(ids: dict[str, str]) -> dict[str, str]:
    return {name: str(uuid.uuid4()) for name in ids if name != "task_id"}


def test_use_of_keys_is_noted(ours: Organisation) -> None:
    """When a key was last used can be read, though reading commits nothing."""
    used = ours.admin.get("/keys").json()["items"][0]["used_at"]
    assert used or ours.admin.get("/keys").json()["items"][0]["used_at"]
