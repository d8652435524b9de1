"""A session as it must be, beside the real one: every step is taken on both, and after it both must be the same."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, MultipleResults, RuleBasedStateMachine, initialize, invariant, multiple, rule
from sqlmodel import Session as Db
from sqlmodel import col, select, text

from api.catalogue import Catalogue
from api.database import Database
from api.housekeeping import sweep
from api.tables import Draft, Event, Grading, Session, State, Submission
from tests.api.conftest import TASK, Candidate, Organisation

OTHER: Final = "q015-dropout"
TASKS: Final = st.sampled_from([TASK, OTHER])
STARTER: Final = "the starter"
SOURCES: Final = st.sampled_from(["x = 1", "x = 2\r\n\t", "# ё 漢 \U0001f40d", STARTER, " \n", ""])
#: What is no submission: too many characters, too many bytes of few enough characters, no text, half a character.
REFUSED: Final = st.sampled_from(["#" * 262_145, "ё" * 140_000, "x\0", "\ud800"])
#: How a session begins. Hypothesis leaves out most rules in most examples, so what is usual is not left to it.
BEGINNING: Final = st.lists(
    st.tuples(st.sampled_from(["save", "once", "twice", "late", "run", "cancel"]), TASKS, SOURCES),
    min_size=8,
    max_size=12,
)
#: Nobody's name and nobody's code twice, so that a trace tells whose it is.
marks = count(1)


@dataclass(eq=False)
class Invited:
    """An invitation: its secret, and what of the candidate can be told from all others."""

    id: str
    token: str
    mark: str
    used: bool = False
    revoked: bool = False


@dataclass
class Sent:
    """One submission."""

    task: str
    number: int
    source: bytes
    at_deadline: bool = False
    cancelled: bool = False


@dataclass(eq=False)
class Seat:
    """One session; `drafts` holds every text that was saved, by task, `keyed` a request that may be sent again."""

    candidate: Candidate
    mark: str
    over: bool = False
    finished: bool = False
    aged: bool = False
    erased: bool = False
    sent: dict[str, Sent] = field(default_factory=dict)
    drafts: dict[str, list[bytes]] = field(default_factory=dict)
    runs: int = 0
    events: list[int] = field(default_factory=list)
    keyed: tuple[dict[str, Any], dict[str, Any]] | None = None
    digests: set[str] = field(default_factory=set)

    @property
    def id(self) -> uuid.UUID:
        """The session's."""
        return uuid.UUID(self.candidate.session_id)

    def refusal(self) -> int | None:
        """How anything that writes is refused, if it is."""
        if self.erased:
            return 401
        return 409 if self.over or self.finished else None

    def of(self, task: str) -> list[Sent]:
        """What was handed in of a task."""
        return [one for one in self.sent.values() if one.task == task]

    def used(self, task: str) -> int:
        """The attempts that are used up."""
        return sum(not one.cancelled for one in self.of(task))


class SessionMachine(RuleBasedStateMachine):
    """Candidates at work, a recruiter who interferes, and the clock."""

    invitations: Bundle[Invited] = Bundle("invitations")
    seats: Bundle[Seat] = Bundle("seats")

    def __init__(self, ours: Organisation, database: Database, catalogue: Catalogue) -> None:
        super().__init__()
        self.ours, self.database, self.catalogue = ours, database, catalogue
        self.all: list[Seat] = []

    @initialize(target=seats, attempts=st.integers(1, 2), deeds=BEGINNING)
    def begin(self, attempts: int, deeds: list[tuple[str, str, str]]) -> Seat:
        """An assessment of two tasks, and the first candidate at work."""
        asked = [{"task": TASK, "parts": ["softmax"]}, {"task": OTHER}]
        self.attempts, self.assessment = attempts, self.ours.assessment(tasks=asked, attempts=attempts)
        seat = self._accepted(self._invited())
        for nth, (how, task, what) in enumerate(deeds):
            if how == "save":
                self._save(seat, task, what, "right")
            elif how == "cancel":
                self.cancel(seat, nth)
            else:
                self.send(seat, task, what, how)
            self.all_is_as_it_should_be()
        return seat

    @rule(target=seats)
    def join(self) -> Seat:
        """Another candidate begins: most that can happen happens to sessions that are open."""
        return self._accepted(self._invited())

    @rule(target=invitations)
    def invite(self) -> Invited:
        """Somebody else is invited."""
        return self._invited()

    def _revoke(self, invited: Invited) -> None:
        """What was not used can be taken back, as often as one likes."""
        answer = self.ours.admin.delete(f"/invitations/{invited.id}")
        assert answer.status_code == (409 if invited.used else 204)
        invited.revoked = invited.revoked or not invited.used

    def _accept(self, invited: Invited) -> Seat | MultipleResults[Seat]:
        """An invitation begins one session, unless it was taken back."""
        if invited.used or invited.revoked:
            refused = self.ours.web.post("/invitations/accept", json={"token": invited.token})
            assert refused.status_code == 409
            return multiple()
        return self._accepted(invited)

    def _save(self, seat: Seat, task: str, what: str, base: str) -> None:
        """A draft is saved over the version that was read, and over no other."""
        texts = seat.drafts.get(task, [])
        number = {"right": len(texts), "stale": len(texts) - 1}.get(base)
        source = self._source(seat, task, what)
        answer = self._put(seat, task, source, {} if number is None else {"If-Match": f'"{number}"'})
        assert answer.status_code == (seat.refusal() or {"right": 200, "stale": 412, "missing": 428}[base])
        if answer.status_code == 412:
            assert answer.headers["etag"] == f'"{len(texts)}"'
        if answer.status_code == 200:
            seat.drafts[task] = [*texts, source.encode()]
            assert answer.json()["version"] == len(texts) + 1
            seat.digests.add(hashlib.sha256(source.encode()).hexdigest())

    def _hand_in(self, seat: Seat, task: str, what: str, keyed: bool) -> None:
        """Code is taken as long as the session is open and has attempts left, and with one key only once."""
        source = self._source(seat, task, what)
        request = {"json": {"task": task, "source": source}}
        request |= {"headers": {"Idempotency-Key": f"key {next(marks)}"}} if keyed else {}
        answers = [seat.candidate.post(f"{seat.candidate.path}/submissions", **request) for _ in range(1 + keyed)]
        used_up = 409 if seat.used(task) >= self.attempts else None
        assert {one.status_code for one in answers} == {seat.refusal() or used_up or 202}
        if answers[0].status_code == 202:
            number = max((one.number for one in seat.of(task)), default=0) + 1
            seat.sent[answers[0].json()["id"]] = Sent(task, number, source.encode())
            seat.digests.add(answers[0].json()["digest"])
            seat.keyed = (request, answers[0].json()) if keyed else seat.keyed

    def _hand_in_again(self, seat: Seat) -> None:
        """A request that was answered gets the same answer later, and does nothing; an erased candidate gets none."""
        if seat.keyed is None:
            return
        request, first = seat.keyed
        answer = seat.candidate.post(f"{seat.candidate.path}/submissions", **request)
        if seat.erased:
            assert answer.status_code == 401
        else:
            assert (answer.json(), answer.headers["idempotency-replayed"]) == (first, "true")

    def _hand_in_nonsense(self, seat: Seat, what: str, way: str) -> None:
        """What can never be graded is refused, wherever it is sent."""
        answer = seat.candidate.post(f"{seat.candidate.path}/{way}", **_raw(task=TASK, source=what))
        drafted = self._put(seat, TASK, what, {"If-Match": f'"{len(seat.drafts.get(TASK, []))}"'})
        expected = {seat.refusal() or 422, 401 if seat.erased else 422}  # too many characters are seen before the clock
        assert {answer.status_code, drafted.status_code} <= expected

    def _hand_in_elsewhere(self, seat: Seat, way: str) -> None:
        """A task that nobody asked for is refused."""
        given = {"task": "q001-perceptron", "source": "x = 1"}
        assert seat.candidate.post(f"{seat.candidate.path}/{way}", json=given).status_code == (seat.refusal() or 422)
        assert self._put(seat, "q001-perceptron", "x", {"If-Match": '"0"'}).status_code == (seat.refusal() or 404)

    def _try_out(self, seat: Seat, task: str, what: str) -> None:
        """A run uses up no attempt, and two may wait."""
        given = {"task": task, "source": self._source(seat, task, what)}
        answer = seat.candidate.post(f"{seat.candidate.path}/runs", json=given)
        assert answer.status_code == (seat.refusal() or (409 if seat.runs == 2 else 202))
        seat.runs += answer.status_code == 202

    def _give_time(self, seat: Seat, minutes: int) -> None:
        """Whoever is at work can get more time."""
        given = {"extra_minutes": minutes, "reason": "the fire alarm"}
        answer = self.ours.admin.post(f"{seat.candidate.path}/time", json=given)
        assert answer.status_code == (409 if seat.refusal() else 200)

    def _run_out_of_time(self, seat: Seat) -> None:
        """The deadline passes, and nobody has looked yet."""
        self._change(seat, "ends_at = started_at")
        seat.over = True

    def _grow_old(self, seat: Seat) -> None:
        """A session that has ended is kept for as long as the organisation wants."""
        if seat.finished:
            self._change(seat, "finished_at = finished_at - interval '3 years'")
            seat.aged = True

    def _finish(self, seat: Seat, by_candidate: bool) -> None:
        """A session is finished by the candidate or a recruiter, and a second time nothing happens."""
        who = seat.candidate if by_candidate else self.ours.admin
        answer = who.post(f"{seat.candidate.path}/finish")
        assert answer.status_code == (401 if by_candidate and seat.erased else 200)
        self._close(seat)

    def _sweep(self) -> None:
        """What is due by the clock is done: sessions are closed, old ones erased."""
        sweep(self.database, self.catalogue)
        for seat in self.all:
            if seat.over:
                self._close(seat)
            if seat.aged:
                self._forget(seat)

    @rule(target=seats, invited=invitations, how=st.sampled_from(["accept", "accept", "revoke"]))
    def use(self, invited: Invited, how: str) -> Seat | MultipleResults[Seat]:
        """An invitation is accepted or taken back, perhaps more than once."""
        if how == "accept":
            return self._accept(invited)
        self._revoke(invited)
        return multiple()

    @rule(seat=seats, task=TASKS, what=SOURCES, how=st.sampled_from(["right", "right", "stale", "missing"]))
    def save(self, seat: Seat, task: str, what: str, how: str) -> None:
        """The candidate saves a draft."""
        self._save(seat, task, what, how)

    @rule(seat=seats, task=TASKS, what=SOURCES, how=st.sampled_from(["once", "twice", "late", "run", "run"]))
    def send(self, seat: Seat, task: str, what: str, how: str) -> None:
        """The candidate hands in, sends something for the second time, or tries it out."""
        if how == "late":
            self._hand_in_again(seat)
        elif how == "run":
            self._try_out(seat, task, what)
        else:
            self._hand_in(seat, task, what, keyed=how == "twice")

    @rule(seat=seats, what=REFUSED, way=st.sampled_from(["submissions", "runs"]))
    def send_what_is_refused(self, seat: Seat, what: str, way: str) -> None:
        """The candidate sends what nobody can grade or asked for."""
        self._hand_in_nonsense(seat, what, way)
        self._hand_in_elsewhere(seat, way)

    @rule(seat=seats, how=st.sampled_from(["time", "over", "old", "sweep", "sweep"]), minutes=st.integers(1, 30))
    def let_time_pass(self, seat: Seat, how: str, minutes: int) -> None:
        """The clock goes on, is wound back, or somebody looks at it."""
        if how == "time":
            self._give_time(seat, minutes)
        elif how == "over" and (seat.sent or seat.drafts):
            self._run_out_of_time(seat)
        elif how == "old":
            self._grow_old(seat)
        elif how == "sweep":
            self._sweep()

    @rule(seat=seats, how=st.sampled_from(["by candidate", "by recruiter", "erase"]))
    def end(self, seat: Seat, how: str) -> None:
        """A session ends before its time, or is forgotten."""
        if not seat.sent:
            return  # what ends at once leaves nothing to go wrong
        if how == "erase":
            self._erase(seat)
        else:
            self._finish(seat, by_candidate=how == "by candidate")

    @rule(seat=seats, nth=st.integers(0, 3))
    def cancel(self, seat: Seat, nth: int) -> None:
        """A submission without a result can be cancelled, once, and what it had used up is free for another."""
        if seat.sent:
            name, one = list(seat.sent.items())[nth % len(seat.sent)]
            answer = self.ours.admin.post(f"/submissions/{name}/cancel")
            assert answer.status_code == (409 if one.cancelled else 200)
            one.cancelled = True
            self._hand_in(seat, one.task, "x = 1", keyed=False)

    def _erase(self, seat: Seat) -> None:
        """A candidate can be erased at any time, and again."""
        assert self.ours.admin.delete(seat.candidate.path).status_code == 204
        self._forget(seat)

    @invariant()
    def all_is_as_it_should_be(self) -> None:
        """What is kept is what the model says; each check says what it is about."""
        with self.database.session() as db:
            self._require_submissions(db)
            self._require_drafts(db)
            self._require_events(db)
            self._require_states(db)

    def teardown(self) -> None:
        """At last everything that was accepted is read as its candidate reads it, and nothing is left of the erased."""
        for seat in self.all:
            if seat.erased:
                self._require_no_trace(seat)
                continue
            for name, one in seat.sent.items():
                assert seat.candidate.get(f"/submissions/{name}/source").content == one.source
            for task, texts in seat.drafts.items():
                read = seat.candidate.get(f"{seat.candidate.path}/drafts/{task}").json()
                assert (read["version"], read["source"].encode()) == (len(texts), texts[-1])
        sweep(self.database, self.catalogue)

    def _invited(self) -> Invited:
        """An invitation that was asked for twice with one key and made once."""
        number = next(marks)
        mark = f"mark{number:06}"
        given = {"name": f"Ada {mark}", "email": f"{mark}@example.org"}
        path, headers = f"/assessments/{self.assessment['id']}/invitations", {"Idempotency-Key": f"key {number}"}
        one, two = (self.ours.admin.post(path, json=given, headers=headers).json() for _ in range(2))
        assert one["id"] == two["id"]
        return Invited(one["id"], one["token"], mark)

    def _accepted(self, invited: Invited) -> Seat:
        begun = self.ours.web.post("/invitations/accept", json={"token": invited.token})
        assert begun.status_code == 201
        invited.used = True
        seat = Seat(Candidate(self.ours.web, begun.json()["token"], begun.json()["session_id"]), invited.mark)
        self.all.append(seat)
        return seat

    def _source(self, seat: Seat, task: str, what: str) -> str:
        """Code that bears its candidate's mark, if there is any code."""
        if what == STARTER:
            return self.catalogue.get(task).starter
        return f"# {seat.mark}\n{what}" if what.strip() else what

    def _put(self, seat: Seat, task: str, source: str, headers: dict[str, str]) -> Any:
        request = _raw(source=source)
        request["headers"] |= headers
        return seat.candidate.put(f"{seat.candidate.path}/drafts/{task}", **request)

    def _change(self, seat: Seat, change: str) -> None:
        with self.database.session() as db:
            db.connection().execute(text(f"UPDATE session SET {change} WHERE id = :id"), {"id": seat.id})
            db.commit()

    def _close(self, seat: Seat) -> None:
        """What the end of a session does: each draft that is worth it is handed in, if an attempt is left."""
        if not seat.finished:
            seat.finished = True
            for task, texts in seat.drafts.items():
                if self._is_unsent(seat, task, texts[-1]) and seat.used(task) < self.attempts:
                    self._hand_in_at_deadline(seat, task, texts[-1])

    def _is_unsent(self, seat: Seat, task: str, source: bytes) -> bool:
        standing = [one for one in seat.of(task) if not one.cancelled]
        last = max(standing, key=lambda one: one.number, default=None)
        starter = self.catalogue.get(task).starter.encode()
        return bool(source.strip()) and source != starter and not (last and last.source == source)

    def _hand_in_at_deadline(self, seat: Seat, task: str, source: bytes) -> None:
        """One more submission is expected, whose name is not known from an answer."""
        listed = self.ours.admin.get(f"{seat.candidate.path}/submissions?task={task}").json()["items"]
        (name,) = {one["id"] for one in listed} - set(seat.sent)
        number = max((one.number for one in seat.of(task)), default=0) + 1
        seat.sent[name] = Sent(task, number, source, at_deadline=True)
        seat.digests.add(hashlib.sha256(source).hexdigest())

    def _forget(self, seat: Seat) -> None:
        seat.finished = seat.erased = True
        seat.drafts = {}
        for one in seat.sent.values():
            one.source, one.cancelled = b"", True
        self._require_no_trace(seat)

    def _require_no_trace(self, seat: Seat) -> None:
        assert traces(self.database, {seat.mark, *(seat.digests - self._common())}) == []

    def _common(self) -> set[str]:
        """Digests of what any candidate may have handed in."""
        starters = [self.catalogue.get(task).starter for task in (TASK, OTHER)]
        return {hashlib.sha256(source.encode()).hexdigest() for source in (*starters, " \n", "")}

    def _require_submissions(self, db: Db) -> None:
        """What was handed in is there, byte for byte until it is erased, nothing else is, and no attempt too many."""
        query = select(Submission, Grading.state).join(Grading, col(Grading.submission_id) == col(Submission.id))
        rows = db.exec(query.where(Submission.organisation_id == self.ours.id)).all()
        kept = {
            str(row.id): Sent(row.task, row.number, row.source, row.at_deadline, state is State.CANCELLED)
            for row, state in rows
        }
        assert kept == {name: one for seat in self.all for name, one in seat.sent.items()}
        counting = Counter((row.session_id, row.task) for row, state in rows if state is not State.CANCELLED)
        assert max(counting.values(), default=0) <= self.attempts

    def _require_drafts(self, db: Db) -> None:
        """A draft is the text that was saved last, and its version is how many were."""
        rows = db.exec(select(Draft).where(col(Draft.session_id).in_([seat.id for seat in self.all]))).all()
        kept = {(row.session_id, row.task): (row.version, row.source) for row in rows}
        saved = [(seat.id, task, texts) for seat in self.all for task, texts in seat.drafts.items()]
        assert kept == {(name, task): (len(texts), texts[-1]) for name, task, texts in saved}

    def _require_events(self, db: Db) -> None:
        """Events come with growing ids after those that were, the end is told of once, and erasing takes them all."""
        mine = select(Event).where(col(Event.session_id).in_([seat.id for seat in self.all]))
        rows = db.exec(mine.order_by(col(Event.id))).all()
        for seat in self.all:
            told = [row for row in rows if row.session_id == seat.id]
            seen, seat.events = seat.events, [row.id or 0 for row in told]
            assert seat.events[: len(seen)] == ([] if seat.erased else seen)
            ends = sum(row.data.get("state") == "finished" for row in told)
            assert ends == (seat.finished and not seat.erased)

    def _require_states(self, db: Db) -> None:
        """A session is closed when somebody finished it or looked after its deadline, and then only."""
        rows = db.exec(select(Session).where(Session.organisation_id == self.ours.id)).all()
        kept = {row.id: (row.finished_at is not None, row.erased_at is not None) for row in rows}
        assert kept == {seat.id: (seat.finished, seat.erased) for seat in self.all}


def traces(database: Database, words: set[str]) -> list[str]:
    """The tables in which any of these words is to be found, as text or in bytes."""
    patterns = [f"%{form}%" for word in words for form in (word, word.encode().hex())]
    names = text("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
    with database.session() as db:
        tables = db.connection().execute(names).scalars().all()
        where = "row WHERE row::text LIKE ANY(:patterns) LIMIT 1"
        looks = [f"(SELECT '{name}' FROM \"{name}\" {where})" for name in tables]
        found = db.connection().execute(text(" UNION ALL ".join(looks)), {"patterns": patterns})
        return sorted(found.scalars().all())


def _raw(**given: str) -> dict[str, Any]:
    """A JSON body that may hold half a character."""
    return {"content": json.dumps(given), "headers": {"Content-Type": "application/json"}}
