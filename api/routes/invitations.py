"""Invitations: a link for one candidate, used once, which begins a session; renewed, it leads back into it."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field, SecretStr
from sqlmodel import Session as Db
from sqlmodel import select

from api import secrets, sessions
from api.access import Caller, Reader, Recruiter
from api.audit import note
from api.context import Context, DbSession, Service
from api.database import now
from api.idempotency import Once, OnceOnly
from api.pages import Cursor, Limit, Page, page
from api.problems import Problem, documented, unknown
from api.routes.assessments import owned
from api.tables import Assessment, Invitation, Kind, Role, Token

router = APIRouter(tags=["invitations"], responses=documented(401, 403, 404, 422))
#: How long a candidate may look at the own session after its end.
LOOK_BACK = timedelta(days=30)


class InvitationIn(BaseModel):
    """Whom to invite."""

    name: str = Field(min_length=1, max_length=200, examples=["Ada Byron"])
    email: str = Field(max_length=320, pattern=r"^[^@\s]+@[^@\s]+$", examples=["ada@example.org"])
    days: int = Field(14, ge=1, le=365, description="How long the link works.")
    extra_minutes: int = Field(0, ge=0, le=10_000, description="An accommodation: time on top of the assessment's.")


class RenewalIn(BaseModel):
    """How to renew an invitation."""

    days: int = Field(14, ge=1, le=365, description="How long the new link works.")


class InvitationOut(BaseModel):
    """An invitation, without the secret in its link."""

    id: uuid.UUID
    assessment_id: uuid.UUID
    name: str
    email: str
    extra_minutes: int
    expires_at: datetime
    used_at: datetime | None
    renewed_at: datetime | None
    revoked_at: datetime | None
    created_at: datetime


class NewInvitationOut(InvitationOut):
    """An invitation just made: the only time its secret is told."""

    token: str = Field(examples=["fpi_example"])
    link: str = Field(examples=["https://assess.example.org/invitations#fpi_example"])


class Accept(BaseModel):
    """The secret of an invitation."""

    token: SecretStr = Field(max_length=200, examples=["fpi_example"])


class Begun(BaseModel):
    """A session that began now: the only time its token is told."""

    session_id: uuid.UUID
    token: str = Field(examples=["fpc_example"])
    ends_at: datetime


@router.post("/assessments/{assessment_id}/invitations", status_code=201, response_model=NewInvitationOut)
def invite(
    service: Service, db: DbSession, who: Recruiter, assessment_id: uuid.UUID, given: InvitationIn, once: OnceOnly
) -> Response:
    """Invite a candidate."""
    assessment = owned(db, who, assessment_id)
    if assessment.archived_at:
        raise Problem(422, "this assessment is put away: take it out (PATCH archived=false) or invite to another")
    token = secrets.new(secrets.INVITATION)
    invitation = Invitation(
        organisation_id=who.organisation_id,
        assessment_id=assessment.id,
        created_by=who.user_id,
        hash=secrets.hashed(token),
        expires_at=now(db) + timedelta(days=given.days),
        **given.model_dump(exclude={"days"}),
    )
    db.add(invitation)
    note(db, who, "invitation.create", invitation.id, assessment=str(assessment.id))
    return _told(service, db, once, invitation, token)


@router.post(
    "/invitations/{invitation_id}/renew", status_code=201, response_model=NewInvitationOut, responses=documented(409)
)
def renew(
    service: Service, db: DbSession, who: Recruiter, invitation_id: uuid.UUID, given: RenewalIn, once: OnceOnly
) -> Response:
    """Make another link for a candidate who lost the first one, or the browser it was used in; the clock goes on."""
    invitation = _locked(db, who, invitation_id)
    if invitation.revoked_at:
        raise Problem(409, "this invitation was taken back: make another")
    token = secrets.new(secrets.INVITATION)
    invitation.hash, invitation.renewed_at = secrets.hashed(token), now(db)
    invitation.expires_at = invitation.renewed_at + timedelta(days=given.days)
    db.add(invitation)
    note(db, who, "invitation.renew", invitation.id)
    return _told(service, db, once, invitation, token)


@router.get("/assessments/{assessment_id}/invitations")
def list_invitations(
    db: DbSession, who: Reader, assessment_id: uuid.UUID, limit: Limit = 50, cursor: Cursor = None
) -> Page[InvitationOut]:
    """Who was invited to an assessment."""
    mine = select(Invitation).where(Invitation.assessment_id == owned(db, who, assessment_id).id)
    return page(db, mine, Invitation, limit, cursor, shown)


@router.get("/invitations/{invitation_id}")
def get_invitation(db: DbSession, who: Reader, invitation_id: uuid.UUID) -> InvitationOut:
    """One invitation."""
    found = db.get(Invitation, invitation_id)
    if found is None or found.organisation_id != who.organisation_id:
        raise unknown("invitation")
    return shown(found)


@router.delete("/invitations/{invitation_id}", status_code=204, responses=documented(409))
def revoke(db: DbSession, who: Recruiter, invitation_id: uuid.UUID) -> None:
    """Take an invitation back that was not used."""
    found = _locked(db, who, invitation_id)
    if found.used_at:
        raise Problem(409, "this invitation was used: finish its session instead")
    found.revoked_at = found.revoked_at or now(db)
    db.add(found)
    note(db, who, "invitation.revoke", found.id)
    db.commit()


@router.post("/invitations/accept", status_code=201, responses=documented(409))
def accept(db: DbSession, given: Accept, response: Response) -> Begun:
    """Begin: the clock starts, and the token in the answer opens everything else to the candidate.

    A link that was renewed after its first use leads back into the session; tokens that were given before die.
    """
    mine = select(Invitation).where(Invitation.hash == secrets.hashed(given.token.get_secret_value()))
    invitation = db.exec(mine.with_for_update()).first()
    if invitation is None:
        raise unknown("invitation")
    _require_usable(invitation, now(db))
    session = sessions.enter(db, invitation, db.get_one(Assessment, invitation.assessment_id))
    token = secrets.new(secrets.PREFIXES[Kind.CANDIDATE])
    db.add(
        Token(
            organisation_id=session.organisation_id,
            kind=Kind.CANDIDATE,
            role=Role.CANDIDATE,
            start=token[: secrets.SHOWN],
            hash=secrets.hashed(token),
            session_id=session.id,
            expires_at=session.ends_at + LOOK_BACK,
        )
    )
    db.commit()
    response.headers["Location"] = f"/api/v1/sessions/{session.id}"
    response.headers["Cache-Control"] = "no-store"
    return Begun(session_id=session.id, token=token, ends_at=session.ends_at)


def shown(invitation: Invitation) -> InvitationOut:
    """An invitation as it travels."""
    return InvitationOut.model_validate(invitation, from_attributes=True)


def _told(service: Context, db: Db, once: Once, invitation: Invitation, token: str) -> Response:
    """The only answer that has the secret."""
    db.flush()
    db.refresh(invitation)
    link = f"{service.settings.url}/invitations#{token}"
    body = NewInvitationOut(**shown(invitation).model_dump(), token=token, link=link)
    headers = {"Location": f"/api/v1/invitations/{invitation.id}", "Cache-Control": "no-store"}
    return once.answer(201, body, headers, ("token", "link"))


def _locked(db: Db, who: Caller, invitation_id: uuid.UUID) -> Invitation:
    found = db.exec(select(Invitation).where(Invitation.id == invitation_id).with_for_update()).first()
    if found is None or found.organisation_id != who.organisation_id:
        raise unknown("invitation")
    return found


def _require_usable(invitation: Invitation, now: datetime) -> None:
    if invitation.used_at and not (invitation.renewed_at and invitation.renewed_at > invitation.used_at):
        raise Problem(409, "this invitation was used already: go on with the token that it gave, or ask for another")
    if invitation.revoked_at:
        raise Problem(409, "this invitation was taken back: ask whoever sent it")
    if invitation.expires_at <= now:
        raise Problem(409, f"this invitation ended at {invitation.expires_at.isoformat()}: ask for another")
