"""Who is calling, and whether they may: bearer tokens, roles and scopes, as dependencies of the routes."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Final

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlmodel import col, func, or_, select, update

from api import secrets
from api.context import DbSession, Service
from api.database import keep_now
from api.problems import Problem
from api.tables import Kind, Role, Token, User

#: What a key may be limited to; one without scopes may do all that its role may.
SCOPES: Final = ("read", "write")
COOKIE: Final = "forwardpass"
NOTED_EVERY: Final = timedelta(minutes=1)
STAFF: Final = (Role.ADMIN, Role.RECRUITER, Role.REVIEWER)
bearer = HTTPBearer(auto_error=False, description="An API key, a signed-in person's token, or a candidate's.")


@dataclass(frozen=True)
class Caller:
    """Whoever holds the token.

    Attributes:
        name: how the audit log calls them.
        session_id: the candidate's session; None for staff.
    """

    token_id: uuid.UUID
    organisation_id: uuid.UUID
    role: Role
    name: str
    user_id: uuid.UUID | None
    session_id: uuid.UUID | None
    scopes: frozenset[str]


def caller(
    request: Request,
    db: DbSession,
    service: Service,
    given: Annotated[HTTPAuthorizationCredentials | None, Security(bearer)] = None,
) -> Caller:
    """The caller.

    Raises:
        Problem: 401, there is no token that is alive; 403, it is too weak for a method that writes.
    """
    text = given.credentials if given else request.cookies.get(COOKIE, "")
    found = _alive(db, service, text) if text else None
    if found is None:
        raise Problem(401, "send a living token as `Authorization: Bearer …`", {"WWW-Authenticate": "Bearer"})
    if not given and request.method not in ("GET", "HEAD") and request.headers.get("sec-fetch-site") != "same-origin":
        raise Problem(403, "a browser's cookie writes from our own pages only")
    if found.scopes and ("read" if request.method in ("GET", "HEAD") else "write") not in found.scopes:
        raise Problem(403, f"this key is only for {', '.join(sorted(found.scopes))}")
    request.state.caller = found
    return found


def _alive(db: DbSession, service: Service, text: str) -> Caller | None:
    query = (
        select(Token, User, func.now())
        .join(User, col(User.id) == col(Token.user_id), isouter=True)
        .where(
            col(Token.hash) == secrets.hashed(text),
            col(Token.kind) != Kind.SIGN_IN,
            col(Token.revoked_at).is_(None),
            or_(col(Token.expires_at).is_(None), col(Token.expires_at) > func.now()),
            col(User.disabled_at).is_(None),
        )
    )
    row = db.exec(query).first()
    if row is None:
        return None
    token, user, at = row
    keep_now(db, at)
    if token.kind is Kind.KEY and (token.used_at is None or at - token.used_at > NOTED_EVERY):
        _note_use(service, token)
    role = user.role if user and token.kind is not Kind.KEY else token.role
    name = f"{user.name} <{user.email}>" if user else f"{token.kind.value} {token.start}… {token.name}".strip()
    return Caller(token.id, token.organisation_id, role, name, token.user_id, token.session_id, frozenset(token.scopes))


def _note_use(service: Service, token: Token) -> None:
    """Write down when a key was used, in a transaction of its own: nobody waits for it, and a GET commits nothing."""
    with service.database.session() as db:
        db.exec(update(Token).where(col(Token.id) == token.id).values(used_at=func.now()))
        db.commit()


def allowed(*roles: Role) -> Callable[[Caller], Caller]:
    """A dependency that lets only these roles in."""

    def check(who: Annotated[Caller, Depends(caller)]) -> Caller:
        if who.role not in roles:
            raise Problem(403, f"this is for {', '.join(roles)}; you are {who.role}")
        return who

    return check


Anyone = Annotated[Caller, Depends(caller)]
Admin = Annotated[Caller, Depends(allowed(Role.ADMIN))]
Recruiter = Annotated[Caller, Depends(allowed(Role.ADMIN, Role.RECRUITER))]
Staff = Annotated[Caller, Depends(allowed(*STAFF))]
Reader = Annotated[Caller, Depends(allowed(*STAFF, Role.CI))]
Batcher = Annotated[Caller, Depends(allowed(Role.ADMIN, Role.RECRUITER, Role.CI))]
Finisher = Annotated[Caller, Depends(allowed(Role.ADMIN, Role.RECRUITER, Role.CANDIDATE))]
Candidate = Annotated[Caller, Depends(allowed(Role.CANDIDATE))]
