"""People and keys: who works for an organisation, how they sign in, and the keys that programs use."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Final, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field, SecretStr
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from api import secrets
from api.access import COOKIE, Admin, Anyone, Caller, Staff
from api.audit import note
from api.context import DbSession, Service
from api.database import now
from api.idempotency import OnceOnly
from api.pages import Cursor, Limit, Page, page
from api.problems import Problem, documented, unknown
from api.tables import Kind, Role, Token, User

router = APIRouter(responses=documented(401, 403, 404, 422))
SIGN_IN_MINUTES: Final = 60
BROWSER_DAYS: Final = 14


class Me(BaseModel):
    """Whoever asks."""

    role: Role
    name: str
    organisation_id: uuid.UUID
    user_id: uuid.UUID | None
    session_id: uuid.UUID | None


class UserIn(BaseModel):
    """A colleague."""

    email: str = Field(max_length=320, pattern=r"^[^@\s]+@[^@\s]+$", examples=["grace@example.org"])
    name: str = Field(min_length=1, max_length=200, examples=["Grace Hopper"])
    role: Literal[Role.ADMIN, Role.RECRUITER, Role.REVIEWER]


class UserOut(BaseModel):
    """A colleague as kept."""

    id: uuid.UUID
    email: str
    name: str
    role: Role
    created_at: datetime
    disabled_at: datetime | None


class UserChange(BaseModel):
    """What may change about a colleague."""

    role: Literal[Role.ADMIN, Role.RECRUITER, Role.REVIEWER] | None = None
    disabled: bool | None = None


class LinkOut(BaseModel):
    """A way to sign in, once, within the hour."""

    token: str = Field(examples=["fpl_example"])
    link: str = Field(examples=["https://assess.example.org/sign-in#fpl_example"])
    expires_at: datetime


class SignIn(BaseModel):
    """The secret of a sign-in link."""

    token: SecretStr = Field(max_length=200, examples=["fpl_example"])


class SignedIn(BaseModel):
    """A browser's token, which the answer also sets as a cookie."""

    token: str = Field(examples=["fpb_example"])
    expires_at: datetime


class KeyIn(BaseModel):
    """A key for a program."""

    name: str = Field(min_length=1, max_length=200, examples=["nightly re-grade"])
    role: Literal[Role.ADMIN, Role.RECRUITER, Role.REVIEWER, Role.CI] = Role.CI
    scopes: list[Literal["read", "write"]] = Field([], max_length=2, description="Without any, all the role may do.")
    days: int | None = Field(365, ge=1, le=3650)


class KeyOut(BaseModel):
    """A key, without its secret."""

    id: uuid.UUID
    name: str
    role: Role
    scopes: list[str]
    start: str = Field(examples=["fpk_Xa81z0"])
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    used_at: datetime | None


class NewKeyOut(KeyOut):
    """A key just made: the only time its secret is told."""

    token: str = Field(examples=["fpk_example"])


@router.get("/me", tags=["people"])
def get_me(who: Anyone) -> Me:
    """Who the token is."""
    return Me.model_validate(who, from_attributes=True)


@router.post("/users", status_code=201, response_model=UserOut, tags=["people"], responses=documented(409))
def add_user(db: DbSession, who: Admin, given: UserIn, once: OnceOnly) -> Response:
    """Add a colleague."""
    user = User(organisation_id=who.organisation_id, **given.model_dump())
    db.add(user)
    try:
        db.flush()
    except IntegrityError:
        raise Problem(409, f"{given.email} is one of you already") from None
    note(db, who, "user.add", user.id, role=given.role)
    db.flush()
    db.refresh(user)
    return once.answer(201, _user(user), {"Location": f"/api/v1/users/{user.id}"})


@router.get("/users", tags=["people"])
def list_users(db: DbSession, who: Staff, limit: Limit = 50, cursor: Cursor = None) -> Page[UserOut]:
    """All colleagues."""
    return page(db, select(User).where(User.organisation_id == who.organisation_id), User, limit, cursor, _user)


@router.patch("/users/{user_id}", tags=["people"], responses=documented(409))
def change_user(db: DbSession, who: Admin, user_id: uuid.UUID, given: UserChange) -> UserOut:
    """Change a colleague's role, or shut the account: its tokens die with it."""
    user = _owned_user(db, who, user_id)
    if user_id == who.user_id:
        raise Problem(409, "nobody changes the own account: ask another admin")
    if given.role:
        user.role = given.role
    if given.disabled is not None:
        user.disabled_at = now(db) if given.disabled else None
    db.add(user)
    note(db, who, "user.change", user.id, **given.model_dump(exclude_none=True))
    db.commit()
    return _user(user)


@router.post("/users/{user_id}/sign-in-links", status_code=201, tags=["people"])
def make_link(service: Service, db: DbSession, who: Admin, user_id: uuid.UUID, response: Response) -> LinkOut:
    """A link for a colleague to sign in with."""
    user = _owned_user(db, who, user_id)
    token, made = new_token(db, Kind.SIGN_IN, who.organisation_id, user.role, minutes=SIGN_IN_MINUTES, user=user)
    note(db, who, "user.link", user.id)
    db.commit()
    response.headers["Cache-Control"] = "no-store"
    assert made.expires_at
    return LinkOut(token=token, link=f"{service.settings.url}/sign-in#{token}", expires_at=made.expires_at)


@router.post("/sign-in", tags=["people"])
def sign_in(service: Service, db: DbSession, given: SignIn, response: Response) -> SignedIn:
    """Use a sign-in link, once."""
    mine = select(Token).where(Token.hash == secrets.hashed(given.token.get_secret_value()), Token.kind == Kind.SIGN_IN)
    link = db.exec(mine.with_for_update()).first()
    at = now(db)
    user = db.get(User, link.user_id) if link and link.user_id else None
    if (
        link is None
        or user is None
        or user.disabled_at
        or link.revoked_at
        or not link.expires_at
        or link.expires_at <= at
    ):
        raise Problem(
            401, "this link was used, or it is over: ask an admin for another", {"WWW-Authenticate": "Bearer"}
        )
    link.used_at = link.revoked_at = at
    db.add(link)
    minutes = BROWSER_DAYS * 24 * 60
    token, made = new_token(db, Kind.BROWSER, user.organisation_id, user.role, minutes=minutes, user=user)
    db.commit()
    secure = service.settings.url.startswith("https")
    response.set_cookie(COOKIE, token, max_age=minutes * 60, httponly=True, samesite="strict", secure=secure)
    response.headers["Cache-Control"] = "no-store"
    assert made.expires_at
    return SignedIn(token=token, expires_at=made.expires_at)


@router.post("/sign-out", status_code=204, tags=["people"])
def sign_out(db: DbSession, who: Anyone, response: Response) -> None:
    """Have the token that asks die."""
    _revoke(db, db.get_one(Token, who.token_id))
    db.commit()
    response.delete_cookie(COOKIE)


@router.post("/keys", status_code=201, response_model=NewKeyOut, tags=["keys"])
def make_key(db: DbSession, who: Admin, given: KeyIn, once: OnceOnly) -> Response:
    """Make a key."""
    minutes = given.days * 24 * 60 if given.days else None
    token, made = new_token(db, Kind.KEY, who.organisation_id, given.role, minutes=minutes)
    made.name, made.scopes, made.user_id = given.name, list(given.scopes), None
    db.add(made)
    note(db, who, "key.make", made.id, role=given.role, name=given.name)
    db.flush()
    db.refresh(made)
    headers = {"Location": f"/api/v1/keys/{made.id}", "Cache-Control": "no-store"}
    return once.answer(201, NewKeyOut(**_key(made).model_dump(), token=token), headers, ("token",))


@router.get("/keys", tags=["keys"])
def list_keys(db: DbSession, who: Admin, limit: Limit = 50, cursor: Cursor = None) -> Page[KeyOut]:
    """All keys, dead ones too."""
    mine = select(Token).where(Token.organisation_id == who.organisation_id, Token.kind == Kind.KEY)
    return page(db, mine, Token, limit, cursor, _key)


@router.delete("/keys/{key_id}", status_code=204, tags=["keys"])
def revoke_key(db: DbSession, who: Admin, key_id: uuid.UUID) -> None:
    """Have a key die."""
    found = db.get(Token, key_id)
    if found is None or found.organisation_id != who.organisation_id or found.kind is not Kind.KEY:
        raise unknown("key")
    _revoke(db, found)
    note(db, who, "key.revoke", found.id)
    db.commit()


def new_token(
    db: DbSession, kind: Kind, organisation_id: uuid.UUID, role: Role, *, minutes: int | None, user: User | None = None
) -> tuple[str, Token]:
    """A new secret and what is kept of it."""
    secret = secrets.new(secrets.PREFIXES[kind])
    made = Token(
        organisation_id=organisation_id,
        kind=kind,
        role=role,
        start=secret[: secrets.SHOWN],
        hash=secrets.hashed(secret),
        user_id=user.id if user else None,
        expires_at=now(db) + timedelta(minutes=minutes) if minutes else None,
    )
    db.add(made)
    return secret, made


def _owned_user(db: DbSession, who: Caller, user_id: uuid.UUID) -> User:
    found = db.exec(select(User).where(col(User.id) == user_id)).first()
    if found is None or found.organisation_id != who.organisation_id:
        raise unknown("user")
    return found


def _revoke(db: DbSession, token: Token) -> None:
    token.revoked_at = token.revoked_at or now(db)
    db.add(token)


def _user(user: User) -> UserOut:
    return UserOut.model_validate(user, from_attributes=True)


def _key(token: Token) -> KeyOut:
    return KeyOut.model_validate(token, from_attributes=True)
