"""Telling other systems what happened: written down in the transaction in which it does, sent afterwards.

Messages are signed as the Standard Webhooks specification says, https://www.standardwebhooks.com: the HMAC-SHA256 of
`id.timestamp.body`. A delivery is leased while it is sent, so that a sender that dies costs a repetition and never a
message; whoever receives it can tell by `webhook-id`.
"""

from __future__ import annotations

import base64
import hmac
import json
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import httpx2
from sqlmodel import Session as Db
from sqlmodel import col, func, select

from api.database import Database, now
from api.outbound import Outbound, Refused
from api.tables import Delivery, Webhook

SECRET: Final = "whsec_"  # what a secret begins with
#: How long after each failed try the next one comes; after the last none does.
BACK_OFF_S: Final = (5, 30, 120, 600, 3600, 6 * 3600)
LEASE_S: Final = 60
#: The receiver says that it wants nothing any more.
GONE: Final = 410


class Occasion(StrEnum):
    """What somebody may want to be told of."""

    SESSION_STARTED = "session.started"
    SESSION_FINISHED = "session.finished"
    SUBMISSION_GRADED = "submission.graded"
    BATCH_PROPOSED = "batch.proposed"
    PING = "ping"


@dataclass(frozen=True)
class Due:
    """A message to be sent now."""

    id: uuid.UUID
    url: str
    body: bytes
    headers: dict[str, str]


def announce(db: Db, organisation_id: uuid.UUID, occasion: Occasion, data: dict[str, str]) -> None:
    """Write down what happened for whoever wants to be told; identifiers and states only."""
    mine = select(Webhook).where(Webhook.organisation_id == organisation_id, col(Webhook.disabled_at).is_(None))
    for webhook in db.exec(mine).all():
        if occasion in webhook.events:
            address(db, webhook, occasion, data)


def address(db: Db, webhook: Webhook, occasion: Occasion, data: dict[str, str]) -> Delivery:
    """Write down a message to one webhook."""
    at = now(db)
    payload = {"type": occasion.value, "timestamp": at.isoformat(), "data": data}
    delivery = Delivery(
        organisation_id=webhook.organisation_id,
        webhook_id=webhook.id,
        event=occasion.value,
        payload=payload,
        next_at=at,
    )
    db.add(delivery)
    return delivery


def signature(secret: bytes, number: str, timestamp: int, body: bytes) -> str:
    """How a message is signed."""
    digest = hmac.digest(secret, f"{number}.{timestamp}.".encode() + body, "sha256")
    return "v1," + base64.b64encode(digest).decode()


def shown_secret(secret: bytes) -> str:
    """A secret as its owner is told."""
    return SECRET + base64.b64encode(secret).decode()


def deliver(database: Database, outbound: Outbound, limit: int = 20) -> int:
    """Send what is due, one message after the other; how many that were."""
    for count in range(limit):
        with database.session() as db:
            due = lease(db)
        if due is None:
            return count
        status, problem = _send(outbound, due)
        with database.session() as db:
            record(db, due.id, status, problem)
    return limit


def lease(db: Db) -> Due | None:
    """Take the message that is due longest, for as long as sending it may take. Commits."""
    waiting = select(Delivery, Webhook).join(Webhook, col(Webhook.id) == col(Delivery.webhook_id))
    waiting = waiting.where(col(Delivery.next_at) <= func.now(), col(Webhook.disabled_at).is_(None))
    row = db.exec(
        waiting.order_by(col(Delivery.next_at)).limit(1).with_for_update(skip_locked=True, of=Delivery)
    ).first()
    if row is None:
        return None
    delivery, webhook = row
    at = now(db)
    delivery.tries, delivery.next_at = delivery.tries + 1, at + timedelta(seconds=LEASE_S)
    db.add(delivery)
    body = json.dumps(delivery.payload, ensure_ascii=False).encode()
    stamp = int(at.timestamp())
    headers = {
        "Content-Type": "application/json",
        "webhook-id": f"msg_{delivery.id.hex}",
        "webhook-timestamp": str(stamp),
        "webhook-signature": signature(webhook.secret, f"msg_{delivery.id.hex}", stamp, body),
    }
    due = Due(delivery.id, webhook.url, body, headers)
    db.commit()
    return due


def record(db: Db, delivery_id: uuid.UUID, status: int | None, problem: str) -> None:
    """Note what came of a try, and when the next one is. Commits."""
    delivery = db.exec(select(Delivery).where(Delivery.id == delivery_id).with_for_update()).first()
    if delivery is None:
        return
    at = now(db)
    delivery.status, delivery.error = status, problem[:500]
    if status is not None and 200 <= status < 300:
        delivery.delivered_at, delivery.next_at = at, None
    else:
        delivery.next_at = _next(delivery.tries, at)
    if status == GONE:
        webhook = db.get_one(Webhook, delivery.webhook_id)
        webhook.disabled_at, delivery.next_at = at, None
        db.add(webhook)
    db.add(delivery)
    db.commit()


def _send(outbound: Outbound, due: Due) -> tuple[int | None, str]:
    try:
        status = outbound.post(due.url, due.body, due.headers)
    except (Refused, httpx2.HTTPError, httpx2.InvalidURL) as error:
        return None, str(error) or type(error).__name__
    return status, "" if 200 <= status < 300 else f"the receiver answered {status}"


def _next(tries: int, failed_at: datetime) -> datetime | None:
    """When a failed delivery is tried again, if ever."""
    return failed_at + timedelta(seconds=BACK_OFF_S[tries - 1]) if tries <= len(BACK_OFF_S) else None
