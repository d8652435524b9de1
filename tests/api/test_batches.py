"""Grading again: what is picked, what is proposed, and what comes of a decision."""

from __future__ import annotations

from typing import Any

from sqlmodel import select

from api import gradings
from api.database import Database
from api.tables import Grading, Role, State
from tests.api.conftest import TASK, Candidate, Organisation

SOURCE = "def softmax(x, dim=-1):\n    return x\n"


def report(verdict: str = "fail", points: int = 0, digest: str = "d" * 64) -> dict[str, Any]:
    """A report's JSON, as far as anything is looked at."""
    check = {"name": "test_gradient", "verdict": "pass" if points else "wrong_value"}
    part = {"id": "softmax", "verdict": check["verdict"], "checks": [check]}
    numbers = {"verdict": verdict, "points": points, "max_points": 5, "task_digest": digest}
    return {"format": 1, "task": TASK, "submission": "x", "parts": [part], **numbers}


def judge(database: Database, made: dict[str, Any] | None = None) -> int:
    """Have every waiting grading end with a report; how many there were."""
    with database.session() as db:
        waiting = db.exec(select(Grading).where(Grading.state == State.QUEUED)).all()
        for grading in waiting:
            begun = gradings.begin(db, grading.id, "worker")
            assert begun
            assert gradings.commit_result(db, begun.id, begun.epoch, made or report())
    return len(waiting)


def handed_in(ours: Organisation, database: Database, count: int = 1) -> tuple[Candidate, list[str]]:
    """A candidate with submissions that failed."""
    candidate = ours.candidate()
    ids = [candidate.submit(SOURCE + f"# {number}").json()["id"] for number in range(count)]
    judge(database)
    return candidate, ids


def begin(ours: Organisation, **selection: Any) -> dict[str, Any]:
    """A batch."""
    answer = ours.admin.post("/batches", json={"reason": "why not", **selection})
    assert answer.status_code == 202, answer.text
    made: dict[str, Any] = answer.json()
    return made


def test_proposal(ours: Organisation, database: Database) -> None:
    """When its last grading is done a batch proposes; nothing counts before it is applied, and then everything does."""
    candidate, (one, two) = handed_in(ours, database, 2)
    batch = begin(ours, task=TASK)
    assert (batch["state"], batch["gradings"]) == ("grading", {"queued": 2})
    assert ours.admin.post(f"/batches/{batch['id']}/apply").status_code == 409
    assert judge(database, report("partial", 3, "e" * 64)) == 2
    whole = ours.admin.get(f"/batches/{batch['id']}").json()
    assert whole["state"] == "proposed"
    assert (whole["matrix"], whole["changed"]) == ([{"old": "fail", "new": "partial", "count": 2}], 2)
    assert candidate.get(f"/submissions/{one}/report").json()["verdict"] == "fail"
    applied = ours.admin.post(f"/batches/{batch['id']}/apply").json()
    assert (applied["state"], applied["skipped"]) == ("applied", [])
    for submission in (one, two):
        assert candidate.get(f"/submissions/{submission}/report").json()["verdict"] == "partial"
    old = ours.admin.get(f"/submissions/{one}/report?revision=1").json()
    assert old["verdict"] == "fail"
    assert candidate.get(f"/submissions/{one}/report?revision=1").status_code == 404


def test_why(ours: Organisation, database: Database) -> None:
    """For each submission it tells old and new verdict, points and digest, and every check judged otherwise."""
    _, ids = handed_in(ours, database, 3)
    batch = begin(ours, submission_ids=ids)
    judge(database, report("partial", 3, "e" * 64))
    path = f"/batches/{batch['id']}/changes"
    first = ours.admin.get(f"{path}?limit=2").json()
    rest = ours.admin.get(f"{path}?limit=2&cursor={first['next']}").json()
    assert [one["submission_id"] for one in first["items"] + rest["items"]] == sorted(ids)
    assert rest["next"] is None
    (one,) = rest["items"]
    assert (one["old_points"], one["new_points"], one["old_task_digest"]) == (0, 3, "d" * 64)
    assert one["changes"] == [
        {"part": "softmax", "check": "", "old": "wrong_value", "new": "pass"},
        {"part": "softmax", "check": "test_gradient", "old": "wrong_value", "new": "pass"},
    ]


def test_discard(ours: Organisation, database: Database) -> None:
    """A batch that is discarded while it grades leaves everything as it was, and grades no further."""
    candidate, (one,) = handed_in(ours, database)
    batch = begin(ours, verdict="fail")
    assert ours.admin.post(f"/batches/{batch['id']}/discard").json()["state"] == "discarded"
    assert judge(database) == 0
    assert candidate.get(f"/submissions/{one}").json()["revision"] == 1
    states = [row["state"] for row in ours.admin.get(f"/submissions/{one}/revisions").json()["items"]]
    assert states == ["done", "cancelled"]


def test_later_batch_wins(ours: Organisation, database: Database) -> None:
    """A proposal that was made before another one was applied changes nothing any more, and says so."""
    candidate, (one,) = handed_in(ours, database)
    early, late = begin(ours, task=TASK), begin(ours, task=TASK)
    judge(database, report("partial", 3))
    assert ours.admin.post(f"/batches/{late['id']}/apply").json()["skipped"] == []
    assert ours.admin.post(f"/batches/{early['id']}/apply").json()["skipped"] == [one]
    assert candidate.get(f"/submissions/{one}").json()["revision"] == 3


def test_not_graded_keeps_what_it_had(ours: Organisation, database: Database) -> None:
    """A submission that cannot be graded again ends its batch's waiting, keeps its result and waits for nobody."""
    _, (one, two) = handed_in(ours, database, 2)
    batch = begin(ours, task=TASK)
    with database.session() as db:
        poison = db.exec(select(Grading).where(Grading.state == State.QUEUED)).first()
        assert poison
        for _ in range(gradings.TRIES + 1):
            gradings.begin(db, poison.id, "doomed")
    judge(database, report("partial", 3))
    assert ours.admin.get(f"/batches/{batch['id']}").json()["gradings"] == {"parked": 1, "done": 1}
    assert ours.admin.get("/parked").json()["items"] == []
    applied = ours.admin.post(f"/batches/{batch['id']}/apply").json()
    assert applied["skipped"] == [str(poison.submission_id)]
    assert str(poison.submission_id) in (one, two)


def test_nothing_fits(ours: Organisation, database: Database) -> None:
    """What picks nothing, or says nothing, is refused."""
    handed_in(ours, database)
    for selection in ({}, {"task": "q001-perceptron"}, {"verdict": "pass"}, {"task_digest": "abcdef"}):
        assert ours.admin.post("/batches", json={"reason": "x", **selection}).status_code == 422


def test_whose(ours: Organisation, organise: Any, database: Database) -> None:
    """Nobody's submissions are graded again but the organisation's own; CI begins batches and applies none."""
    _, (one,) = handed_in(ours, database)
    theirs = organise()
    assert theirs.admin.post("/batches", json={"reason": "x", "submission_ids": [one]}).status_code == 422
    ci = ours.a(Role.CI)
    batch = ci.post("/batches", json={"reason": "x", "task": TASK})
    assert batch.status_code == 202
    judge(database)
    path = f"/batches/{batch.json()['id']}"
    assert ci.post(f"{path}/apply").status_code == 403
    assert theirs.admin.get(path).status_code == theirs.admin.post(f"{path}/apply").status_code == 404


def test_erased_in_between(ours: Organisation, database: Database) -> None:
    """A candidate who is erased while a batch runs is graded no further, and the batch ends."""
    candidate, _ = handed_in(ours, database)
    batch = begin(ours, task=TASK)
    assert ours.admin.delete(candidate.path).status_code == 204
    assert judge(database) == 0
    assert ours.admin.get(f"/batches/{batch['id']}").json()["state"] == "proposed"
