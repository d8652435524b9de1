"""Telling other systems: what is signed, what is tried again, and what must never be called."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address
from typing import Any

import pytest
from sqlmodel import select

from api import webhooks
from api.database import Database
from api.outbound import Outbound, Refused, is_public
from api.settings import Settings
from api.tables import Delivery
from tests.api.conftest import Organisation
from tests.api.test_batches import SOURCE, judge

LENIENT = Outbound(plain=True, private=True)


@pytest.fixture
def settings() -> Settings:
    """Those of a service that may call this machine."""
    return Settings(requests_a_minute=100_000, allow_private_webhooks=True)


class Receiver:
    """Somebody who is told: every request, and what to answer next."""

    def __init__(self) -> None:
        self.answers: list[int] = []
        self.heard: list[tuple[dict[str, str], bytes]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.heard.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(receiver.answers.pop(0) if receiver.answers else 200)
                self.send_header("Location", "http://127.0.0.1:1/elsewhere")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Print nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Somebody who listens on this machine."""
    made = Receiver()
    thread = threading.Thread(target=made.server.serve_forever)
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


def hooked(ours: Organisation, receiver: Receiver, *events: str) -> dict[str, Any]:
    """A webhook to the receiver."""
    answer = ours.admin.post("/webhooks", json={"url": receiver.url, "events": events or ["submission.graded"]})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def deliveries(ours: Organisation, webhook: dict[str, Any]) -> list[dict[str, Any]]:
    """The log of a webhook."""
    found: list[dict[str, Any]] = ours.admin.get(f"/webhooks/{webhook['id']}/deliveries").json()["items"]
    return found


def hurry(database: Database) -> None:
    """Have everything that waits for its next try be due."""
    with database.session() as db:
        for delivery in db.exec(select(Delivery).where(Delivery.next_at != None)).all():  # noqa: E711
            assert delivery.next_at
            delivery.next_at -= timedelta(days=1)
            db.add(delivery)
        db.commit()


def test_signed(ours: Organisation, database: Database, receiver: Receiver) -> None:
    """A message says what happened in identifiers alone, signed as Standard Webhooks has it."""
    webhook = hooked(ours, receiver)
    candidate = ours.candidate()
    submission = candidate.submit(SOURCE).json()["id"]
    judge(database)
    assert webhooks.deliver(database, LENIENT) == 1
    ((headers, body),) = receiver.heard
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    secret = base64.b64decode(webhook["secret"].removeprefix("whsec_"))
    digest = base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{digest}"
    message = json.loads(body)
    assert message["type"] == "submission.graded"
    assert message["data"] == {"submission_id": submission, "session_id": candidate.session_id}
    assert [one["status"] for one in deliveries(ours, webhook)] == [200]


def test_tried_again(ours: Organisation, database: Database, receiver: Receiver) -> None:
    """What is not taken is sent again later under the same id, and in the end given up; all of it is in the log."""
    webhook = hooked(ours, receiver)
    receiver.answers = [500, 302] + [503] * 20
    ours.admin.post(f"/webhooks/{webhook['id']}/test")
    for _ in range(10):
        webhooks.deliver(database, LENIENT)
        hurry(database)
    assert len({headers["webhook-id"] for headers, _ in receiver.heard}) == 1
    assert len(receiver.heard) == len(webhooks.BACK_OFF_S) + 1
    (log,) = deliveries(ours, webhook)
    assert (log["status"], log["next_at"], log["delivered_at"]) == (503, None, None)
    receiver.answers = []
    ours.admin.post(f"/webhooks/{webhook['id']}/deliveries/{log['id']}/replay")
    webhooks.deliver(database, LENIENT)
    assert deliveries(ours, webhook)[0]["delivered_at"]


def test_sender_dies(ours: Organisation, database: Database, receiver: Receiver) -> None:
    """A sender that dies in the middle costs a repetition: its lease ends, and another sends."""
    webhook = hooked(ours, receiver)
    ours.admin.post(f"/webhooks/{webhook['id']}/test")
    with database.session() as db:
        assert webhooks.lease(db)
    assert webhooks.deliver(database, LENIENT) == 0
    hurry(database)
    assert webhooks.deliver(database, LENIENT) == 1


def test_gone(ours: Organisation, database: Database, receiver: Receiver) -> None:
    """A receiver that answers 410 is told nothing any more."""
    webhook = hooked(ours, receiver)
    receiver.answers = [410]
    ours.admin.post(f"/webhooks/{webhook['id']}/test")
    webhooks.deliver(database, LENIENT)
    assert ours.admin.get(f"/webhooks/{webhook['id']}").json()["disabled_at"]
    ours.candidate().submit(SOURCE)
    judge(database)
    assert len(deliveries(ours, webhook)) == 1


def test_nobody_there(ours: Organisation, database: Database, receiver: Receiver) -> None:
    """Where nobody listens the log says so, and other messages are sent all the same."""
    webhook = hooked(ours, receiver, "session.started", "session.finished")
    receiver.server.server_close()
    candidate = ours.candidate()
    candidate.post(f"{candidate.path}/finish")
    assert webhooks.deliver(database, LENIENT) == 2
    assert all(one["error"] and one["next_at"] for one in deliveries(ours, webhook))


@pytest.mark.parametrize(
    "address",
    [
        *(
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
        ),
        *("::1", "::", "fe80::1", "fd00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1"),
        *("2002:7f00:1::", "192.0.2.1", "198.18.0.1", "240.0.0.1", "255.255.255.255", "2001:db8::1"),
    ],
)
def test_addresses_that_are_not_called(address: str) -> None:
    """What only we, this machine or its neighbours can reach is not called, however it is written."""
    assert not is_public(ip_address(address))
    with pytest.raises(Refused, match="not an address of the public internet"):
        Outbound(resolver=lambda _host, _port: ["93.184.215.14", address]).post("https://example.org/", b"", {})


def test_public_addresses() -> None:
    """What anybody can reach is."""
    assert is_public(ip_address("93.184.215.14"))
    assert is_public(ip_address("2606:2800:21f:cb07:6820:80da:af6b:8b2c"))


@pytest.mark.parametrize(
    "url",
    [
        *("http://example.org/", "ftp://example.org/", "https://user:password@example.org/", "https:///x", "nonsense"),
        *("https://example.org:8443/", "https://example.org:99999/", "https://exämple.org/", "https://a\\@b.org/"),
    ],
)
def test_urls_that_are_refused(url: str) -> None:
    """A URL that is not plain https to a named host is refused before anybody is asked for its address."""
    with pytest.raises(Refused):
        Outbound(resolver=lambda _host, _port: pytest.fail("it was looked up")).post(url, b"", {})


def test_asked_once(receiver: Receiver) -> None:
    """A name is resolved once, and the connection goes to the address that was looked at."""
    answers = [["127.0.0.1"], ["10.0.0.1"]]
    url = receiver.url.replace("127.0.0.1", "rebinding.example.org")
    lenient = Outbound(plain=True, private=True, resolver=lambda _host, _port: answers.pop(0))
    assert lenient.post(url, b"{}", {}) == 200
    ((headers, _),) = receiver.heard
    assert headers["host"] == url.split("/")[2]
    assert len(answers) == 1
