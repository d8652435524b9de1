from __future__ import annotations

from tests.api.conftest import TASK, Candidate, Organisation

SOURCE = "def softmax(x, dim=-1):\n    return x\n"


def test_invitation_is_used_once(ours: Organisation) -> None:
    """The link of an invitation begins one session, and says so the second time."""
    token = ours.invitation()["token"]
    assert ours.web.post("/invitations/accept", json={"token": token}).status_code == 201
    again = ours.web.post("/invitations/accept", json={"token": token})
    assert (again.status_code, again.headers["content-type"]) == (409, "application/problem+json")
    assert "used already" in again.json()["detail"]


def test_renewed(ours: Organisation) -> None:
    """A candidate who lost the way in gets another link, once, into the same session with the same clock."""
    invitation = ours.invitation()
    begun = ours.web.post("/invitations/accept", json={"token": invitation["token"]}).json()
    new = ours.admin.post(f"/invitations/{invitation['id']}/renew", json={}).json()
    assert ours.web.post("/invitations/accept", json={"token": invitation["token"]}).status_code == 404
    back = ours.web.post("/invitations/accept", json={"token": new["token"]}).json()
    assert (back["session_id"], back["ends_at"]) == (begun["session_id"], begun["ends_at"])
    assert ours.web.post("/invitations/accept", json={"token": new["token"]}).status_code == 409
    before, now = (Candidate(ours.web, one["token"], one["session_id"]) for one in (begun, back))
    assert (before.get("/me").status_code, now.submit(SOURCE).status_code) == (401, 202)


def test_submission_is_kept_and_queued(ours: Organisation) -> None:
    """A submission is kept byte for byte, and its grading and job are there when the answer comes."""
    candidate = ours.candidate()
    answer = candidate.submit(SOURCE)
    assert answer.status_code == 202
    assert answer.json()["state"] == "queued"
    assert answer.json()["place"] == 1
    assert candidate.get(answer.headers["location"].removeprefix("/api/v1") + "/source").text == SOURCE


def test_attempts_run_out(ours: Organisation) -> None:
    """After the last attempt nothing more is taken; one that was cancelled does not count."""
    candidate = ours.candidate(ours.assessment(attempts=1))
    first = candidate.submit(SOURCE).json()
    assert candidate.submit(SOURCE).status_code == 409
    assert ours.admin.post(f"/submissions/{first['id']}/cancel").json()["state"] == "cancelled"
    assert candidate.submit(SOURCE).status_code == 202


def test_same_key_same_answer(ours: Organisation) -> None:
    """A submission sent twice with one Idempotency-Key is one; another body under the key is refused."""
    candidate = ours.candidate()
    key = {"Idempotency-Key": "first"}
    one, two = (candidate.submit(SOURCE, headers=key) for _ in range(2))
    assert one.json() == two.json()
    assert two.headers["idempotency-replayed"] == "true"
    assert candidate.submit("x = 1", headers=key).status_code == 422
    assert len(candidate.get(f"{candidate.path}/submissions").json()["items"]) == 1


def test_drafts_are_not_overwritten_unseen(ours: Organisation) -> None:
    """A draft is saved over the version that was read, and over no other."""
    candidate = ours.candidate()
    path = f"{candidate.path}/drafts/{TASK}"
    read = candidate.get(path)
    assert candidate.put(path, json={"source": "a"}).status_code == 428
    saved = candidate.put(path, json={"source": "a"}, headers={"If-Match": read.headers["etag"]})
    assert saved.json()["version"] == 1
    stale = candidate.put(path, json={"source": "b"}, headers={"If-Match": read.headers["etag"]})
    assert (stale.status_code, stale.headers["etag"]) == (412, '"1"')
    assert candidate.get(path).json()["source"] == "a"


def test_finishing_hands_in_drafts(ours: Organisation) -> None:
    """At the end drafts are handed in that differ from what was handed in last; nothing is taken afterwards."""
    candidate = ours.candidate()
    path = f"{candidate.path}/drafts/{TASK}"
    candidate.put(path, json={"source": SOURCE}, headers={"If-Match": '"0"'})
    assert candidate.post(f"{candidate.path}/finish").status_code == 200
    (handed_in,) = candidate.get(f"{candidate.path}/submissions").json()["items"]
    assert handed_in["at_deadline"]
    assert candidate.submit(SOURCE).status_code == 409
    assert candidate.put(path, json={"source": "x"}, headers={"If-Match": '"1"'}).status_code == 409
