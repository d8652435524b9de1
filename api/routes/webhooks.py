"""Webhooks: where to tell what, every attempt to, and another try."""

from __future__ import annotations

import secrets
import uuid
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field
from sqlmodel import Session as Db
from sqlmodel import select

from api import webhooks
from api.access import Admin, Caller
from api.audit import note
from api.context import Context, DbSession, Service
from api.database import now
from api.idempotency import OnceOnly
from api.outbound import Outbound, Refused
from api.pages import Cursor, Limit, Page, page
from api.problems import Problem, documented, unknown
from api.tables import Delivery, Webhook
from api.webhooks import Occasion

router = APIRouter(prefix="/webhooks", tags=["webhooks"], responses=documented(401, 403, 404, 422))


class WebhookIn(BaseModel):
    """Whom to tell what."""

    url: str = Field(max_length=2000, examples=["https://hooks.example.org/forward-pass"])
    events: list[Occasion] = Field(min_length=1, max_length=10, examples=[["submission.graded"]])


class WebhookOut(BaseModel):
    """A webhook, without its secret."""

    id: uuid.UUID
    url: str
    events: list[Occasion]
    created_at: datetime
    disabled_at: datetime | None = Field(description="Since then nothing is sent: the receiver answered 410.")


class NewWebhookOut(WebhookOut):
    """A webhook just made: the only time its secret is told."""

    secret: str = Field(description="Signs every message, as Standard Webhooks has it.", examples=["whsec_example"])


class DeliveryOut(BaseModel):
    """A message and what came of it."""

    id: uuid.UUID
    event: str
    payload: dict[str, Any]
    tries: int
    status: int | None
    error: str
    created_at: datetime
    next_at: datetime | None = Field(description="Null when it was taken, or given up.")
    delivered_at: datetime | None


@router.post("", status_code=201, response_model=NewWebhookOut)
def add_webhook(service: Service, db: DbSession, who: Admin, given: WebhookIn, once: OnceOnly) -> Response:
    """Have a URL told of what happens."""
    try:
        outbound_of(service).checked(given.url)
    except Refused as error:
        raise Problem(422, str(error)) from None
    events = [one.value for one in given.events]
    made = Webhook(organisation_id=who.organisation_id, url=given.url, events=events, secret=secrets.token_bytes(32))
    db.add(made)
    note(db, who, "webhook.add", made.id, url=given.url)
    db.flush()
    db.refresh(made)
    body = NewWebhookOut(**_shown(made).model_dump(), secret=webhooks.shown_secret(made.secret))
    headers = {"Location": f"/api/v1/webhooks/{made.id}", "Cache-Control": "no-store"}
    return once.answer(201, body, headers, ("secret",))


@router.get("")
def list_webhooks(db: DbSession, who: Admin, limit: Limit = 50, cursor: Cursor = None) -> Page[WebhookOut]:
    """All webhooks."""
    mine = select(Webhook).where(Webhook.organisation_id == who.organisation_id)
    return page(db, mine, Webhook, limit, cursor, _shown)


@router.get("/{webhook_id}")
def get_webhook(db: DbSession, who: Admin, webhook_id: uuid.UUID) -> WebhookOut:
    """One webhook."""
    return _shown(_owned(db, who, webhook_id))


@router.delete("/{webhook_id}", status_code=204)
def remove_webhook(db: DbSession, who: Admin, webhook_id: uuid.UUID) -> None:
    """Tell a URL nothing any more, and forget what it was told."""
    webhook = _owned(db, who, webhook_id)
    db.delete(webhook)
    note(db, who, "webhook.remove", webhook_id, url=webhook.url)
    db.commit()


@router.post("/{webhook_id}/test", status_code=202)
def test_webhook(db: DbSession, who: Admin, webhook_id: uuid.UUID) -> DeliveryOut:
    """Send a `ping`."""
    delivery = webhooks.address(db, _owned(db, who, webhook_id), Occasion.PING, {})
    db.commit()
    db.refresh(delivery)
    return _delivery(delivery)


@router.get("/{webhook_id}/deliveries")
def list_deliveries(
    db: DbSession, who: Admin, webhook_id: uuid.UUID, limit: Limit = 50, cursor: Cursor = None
) -> Page[DeliveryOut]:
    """What was sent, and what came of it."""
    mine = select(Delivery).where(Delivery.webhook_id == _owned(db, who, webhook_id).id)
    return page(db, mine, Delivery, limit, cursor, _delivery)


@router.post("/{webhook_id}/deliveries/{delivery_id}/replay", status_code=202)
def replay_delivery(db: DbSession, who: Admin, webhook_id: uuid.UUID, delivery_id: uuid.UUID) -> DeliveryOut:
    """Send a message once more, under the same `webhook-id`."""
    _owned(db, who, webhook_id)
    found = db.exec(select(Delivery).where(Delivery.id == delivery_id).with_for_update()).first()
    if found is None or found.webhook_id != webhook_id:
        raise unknown("delivery")
    found.tries, found.delivered_at, found.next_at = 0, None, now(db)
    db.add(found)
    note(db, who, "webhook.replay", found.id)
    db.commit()
    return _delivery(found)


def outbound_of(service: Context) -> Outbound:
    """What this service's webhooks may call."""
    settings = service.settings
    return Outbound(plain=settings.insecure or settings.allow_private_webhooks, private=settings.allow_private_webhooks)


def _owned(db: Db, who: Caller, webhook_id: uuid.UUID) -> Webhook:
    found = db.get(Webhook, webhook_id)
    if found is None or found.organisation_id != who.organisation_id:
        raise unknown("webhook")
    return found


def _shown(webhook: Webhook) -> WebhookOut:
    return WebhookOut.model_validate(webhook, from_attributes=True)


def _delivery(delivery: Delivery) -> DeliveryOut:
    return DeliveryOut.model_validate(delivery, from_attributes=True)
