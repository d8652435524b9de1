"""Who did what: written down with what was done, readable for admins, and without secrets."""

from __future__ import annotations

from api.tables import Role
from tests.api.conftest import Organisation


def test_audit(ours: Organisation) -> None:
    """Every change has its entry, newest first, with who made it and what it was made to."""
    recruiter = ours.a(Role.RECRUITER)
    assessment = ours.assessment()
    invitation = recruiter.post(f"/assessments/{assessment['id']}/invitations", json={"name": "A", "email": "a@b"})
    ours.admin.delete(f"/invitations/{invitation.json()['id']}")
    key = ours.admin.post("/keys", json={"name": "nightly"}).json()
    answer = ours.admin.get("/audit")
    entries = answer.json()["items"]
    assert [one["action"] for one in entries] == [
        "key.make",
        "invitation.revoke",
        "invitation.create",
        "assessment.create",
    ]
    assert [one["target"] for one in entries[1:3]] == [invitation.json()["id"]] * 2
    assert entries[1]["actor"] == entries[3]["actor"] != entries[2]["actor"]
    for secret in (key["token"], invitation.json()["token"], "a@b"):
        assert secret not in answer.text


def test_pages(ours: Organisation) -> None:
    """The log is read page by page without a gap."""
    for _ in range(3):
        ours.assessment()
    first = ours.admin.get("/audit?limit=2").json()
    rest = ours.admin.get(f"/audit?limit=2&cursor={first['next']}").json()
    assert [len(first["items"]), len(rest["items"]), rest["next"]] == [2, 1, None]
