"""Requests that may be sent twice: with an `Idempotency-Key` the second gets the first one's answer, and does nothing.

The key is written in the transaction that does the work, so there is no moment at which one stands without the other; a
second request that comes while the first is at work waits for it at the database.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, Request, Response
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session as Db

from api.access import Anyone
from api.context import DbSession
from api.problems import Problem
from api.tables import IdempotentAnswer

Key = Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=200, examples=["7f3c-first-try"])]


class Replay(Exception):
    """Answered before: the first answer is given again."""

    def __init__(self, answer: IdempotentAnswer) -> None:
        super().__init__("answered before")
        self.response = Response(
            answer.body, answer.status, {**answer.headers, "Idempotency-Replayed": "true"}, "application/json"
        )


@dataclass
class Once:
    """The one time that a request is met."""

    db: Db
    slot: IdempotentAnswer | None

    def answer(
        self, status: int, body: BaseModel, headers: dict[str, str] | None = None, secret: tuple[str, ...] = ()
    ) -> Response:
        """Commit the work together with its answer, in which `secret` fields are told once and never kept."""
        plain = jsonable_encoder(body)
        if self.slot:
            kept = JSONResponse(plain | dict.fromkeys(secret, ""))
            self.slot.status, self.slot.headers, self.slot.body = status, headers or {}, bytes(kept.body)
            self.db.add(self.slot)
        self.db.commit()
        return JSONResponse(plain, status, headers)


async def body_of(request: Request) -> bytes:
    """The bytes of a request, which Starlette keeps for whoever reads them next."""
    return await request.body()


def once(
    request: Request, db: DbSession, who: Anyone, body: Annotated[bytes, Depends(body_of)], key: Key = None
) -> Once:
    """Take the key, if one came.

    Raises:
        Replay: this request was answered before.
        Problem: 422, another request came with this key.
    """
    if key is None:
        return Once(db, None)
    fingerprint = hashlib.sha256(f"{request.method} {request.url.path}\n".encode() + body).digest()
    slot = {"caller": str(who.token_id), "key": key}
    fresh = insert(IdempotentAnswer).values(**slot, fingerprint=fingerprint, status=0, headers={}, body=b"")
    taken = db.connection().execute(fresh.on_conflict_do_nothing().returning(text("key"))).first() is not None
    found = db.get_one(IdempotentAnswer, (slot["caller"], slot["key"]))
    if found.fingerprint != fingerprint:
        raise Problem(422, "another request came with this Idempotency-Key: use a new key for a new request")
    if not taken:
        raise Replay(found)
    return Once(db, found)


OnceOnly = Annotated[Once, Depends(once)]


async def replayed(_: Request, error: Exception) -> Response:
    """Answer as before."""
    assert isinstance(error, Replay)
    return error.response
