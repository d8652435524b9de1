"""What candidates may know: searched for in everything that they can ask for, after real gradings."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import select

from api import jobs
from api.catalogue import Catalogue
from api.database import Database
from api.housekeeping import sweep
from api.settings import Settings
from api.tables import Grading, Submission
from api.worker import Worker
from grader.grade import Grader
from tests.api.conftest import TASK, Candidate, Organisation
from tests.api.test_access import CANDIDATE, TABLE, World

WRONG = Path("demo/submissions/no_max_shift.py").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def grader() -> Iterator[Grader]:
    """One lane."""
    with Grader(1) as made:
        yield made


def hidden_names() -> set[str]:
    """What the hidden tests call things, as far as a candidate cannot guess it."""
    source = Catalogue().get(TASK).hidden_tests.read_text(encoding="utf-8")
    defined = {node.name for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)}
    public = Catalogue().get(TASK).public_tests.read_text(encoding="utf-8")
    return {name for name in defined if name not in public and "_" in name}


@pytest.mark.parametrize("disclosure", ["none", "verdict", "report"])
def test_candidates_know_nothing_hidden(
    ours: Organisation, database: Database, settings: Settings, grader: Grader, disclosure: str
) -> None:
    """Nothing a candidate can ask for has hidden tests' names, details, expected values, seeds or other people."""
    assessment = ours.assessment(disclosure=disclosure)
    ours.candidate(assessment, name="Somebody Else", email="else@example.org").submit("x = 'a secret of Else'")
    candidate = ours.candidate(assessment)
    candidate.submit(WRONG)
    worker = Worker(settings, database, grader, Catalogue(), ("cpu",))
    with database.session() as db:
        for grading in db.exec(select(Grading)).all():
            worker.grade(str(grading.id))
        seeds = [str(row.seed) for row in db.exec(select(Submission)).all()]
    world = World.__new__(World)
    world.ours = ours
    mine = candidate.get(f"{candidate.path}/submissions").json()["items"][0]["id"]
    world.ids = {"session_id": candidate.session_id, "submission_id": mine, "task_id": TASK, "run_id": mine}
    asked = [route for route, roles in TABLE.items() if CANDIDATE in roles and route.startswith("GET")]
    told = {route: world.ask(candidate, route).text for route in asked if not route.endswith("/events")}
    whole = ours.admin.get(f"/submissions/{mine}/report").json()["report"]
    details = [check["detail"] for part in whole["parts"] for check in part["checks"] if check["detail"]]
    assert details
    for secret in [*hidden_names(), *details, *seeds, "Somebody Else", "else@example.org", "a secret of Else"]:
        assert [route for route, text_ in told.items() if secret in text_] == []
    says = [check["says"] for part in whole["parts"] for check in part["checks"] if check["says"]]
    report = told["GET /submissions/{submission_id}/report"]
    assert (says[0] in report) == (disclosure == "report")
    assert ('"fail"' in report) == (disclosure != "none")


def test_erased(ours: Organisation, database: Database) -> None:
    """Of an erased candidate no table has name, address or code any more, and the points are still there."""
    key, whom = {"Idempotency-Key": "once"}, {"name": "Nomen Nescio", "email": "nomen@example.org"}
    invitation = ours.admin.post(f"/assessments/{ours.assessment()['id']}/invitations", json=whom, headers=key).json()
    begun = ours.web.post("/invitations/accept", json={"token": invitation["token"]}).json()
    candidate = Candidate(ours.web, begun["token"], begun["session_id"])
    path = f"{candidate.path}/drafts/{TASK}"
    candidate.put(path, json={"source": "y = 'so private'"}, headers={"If-Match": '"0"'})
    digest = candidate.submit("x = 'so private'", headers=key).json()["digest"]
    candidate.post(f"{candidate.path}/runs", json={"task": TASK, "source": "z = 'so private'"})
    assert ours.admin.delete(candidate.path).status_code == 204
    with database.engine.connect() as connection:
        tables = connection.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
        for (table,) in tables.all():
            rows = connection.execute(text(f'SELECT * FROM "{table}"')).all()
            words = ("Nomen", "nomen@", "so private", digest)
            assert [row for row in rows if any(word in str(row) for word in words)] == []
    assert candidate.get("/me").status_code == 401
    assert ours.admin.get(f"{candidate.path}/report").json()["name"] == "erased"


def test_unused_invitations(ours: Organisation, database: Database) -> None:
    """Who never came is forgotten too, as long after the invitation's end as the assessment says."""
    assessment = ours.assessment(retention_days=10)
    old, young = (ours.invitation(assessment)["id"] for _ in range(2))
    with database.engine.begin() as connection:
        for name, days in ((old, 11), (young, 9)):
            statement = "UPDATE invitation SET expires_at = now() - make_interval(days => :days) WHERE id = :id"
            connection.execute(text(statement), {"days": days, "id": name})
    sweep(database, Catalogue())
    names = [ours.admin.get(f"/invitations/{name}").json()["email"] for name in (old, young)]
    assert names == ["erased", "ada@example.org"]


def test_runs(ours: Organisation, database: Database, settings: Settings, grader: Grader) -> None:
    """A run tells of every public test how it went, and is never scored."""
    candidate = ours.candidate()
    starter = candidate.get(f"/tasks/{TASK}").json()["starter"]
    answer = candidate.post(f"{candidate.path}/runs", json={"task": TASK, "source": starter + WRONG})
    worker = Worker(settings, database, grader, Catalogue(), (jobs.CPU,))
    worker.try_out(answer.json()["id"])
    run = candidate.get(f"/runs/{answer.json()['id']}").json()
    assert run["state"] == "done"
    outcomes = {check["name"]: check["outcome"] for check in run["result"]["checks"]}
    assert outcomes["TestSoftmax.test_worked_example"] == "passed"
    assert outcomes["TestSoftmax.test_large_logits"] == "failed"
    assert candidate.get(f"{candidate.path}/submissions").json()["items"] == []
