"""Who may do what: organisations, their people, and the tokens by which everybody is known."""

from __future__ import annotations

from enum import StrEnum

from sqlmodel import Field, SQLModel, UniqueConstraint

from api.tables.columns import Id, Moment, choice, created, identity, json, maybe, owner


class Role(StrEnum):
    """What somebody is to an organisation."""

    ADMIN = "admin"
    RECRUITER = "recruiter"
    REVIEWER = "reviewer"
    CI = "ci"
    CANDIDATE = "candidate"


class Kind(StrEnum):
    """What a token is for: programs, signing in once, a browser, or one candidate's session."""

    KEY = "key"
    SIGN_IN = "sign_in"
    BROWSER = "browser"
    CANDIDATE = "candidate"


class Organisation(SQLModel, table=True):
    """A company that hires."""

    id: Id = identity()
    name: str
    created_at: Moment = created()


class User(SQLModel, table=True):
    """A person of an organisation."""

    __tablename__ = "person"
    __table_args__ = (UniqueConstraint("organisation_id", "email"),)

    id: Id = identity()
    organisation_id: Id = owner()
    email: str
    name: str
    role: Role = choice(Role)
    created_at: Moment = created()
    disabled_at: Moment | None = maybe()


class Token(SQLModel, table=True):
    """A secret somebody holds: only its hash is kept, and its first letters to tell it by."""

    id: Id = identity()
    organisation_id: Id = owner()
    kind: Kind = choice(Kind)
    role: Role = choice(Role)
    name: str = ""
    start: str
    hash: bytes = Field(unique=True)
    scopes: list[str] = json(default_factory=list)
    user_id: Id | None = Field(default=None, foreign_key="person.id", ondelete="CASCADE")
    session_id: Id | None = Field(default=None, foreign_key="session.id", ondelete="CASCADE")
    created_at: Moment = created()
    expires_at: Moment | None = maybe()
    revoked_at: Moment | None = maybe()
    used_at: Moment | None = maybe()
