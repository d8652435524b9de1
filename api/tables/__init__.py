"""Everything the service keeps: one module a subject, one class a table. What the API shows is in `schemas`."""

from api.tables.assessment import Assessment, Disclosure, Invitation
from api.tables.batch import Batch, BatchState
from api.tables.grading import Attempt, Grading, Result, State
from api.tables.organisation import Kind, Organisation, Role, Token, User
from api.tables.record import AuditEntry, Event, IdempotentAnswer, LaneLoss, Rate
from api.tables.session import Draft, Run, Score, Session, Submission
from api.tables.webhook import Delivery, Webhook

__all__ = [
    "Assessment",
    "Attempt",
    "AuditEntry",
    "Batch",
    "BatchState",
    "Delivery",
    "Disclosure",
    "Draft",
    "Event",
    "Grading",
    "IdempotentAnswer",
    "Invitation",
    "Kind",
    "LaneLoss",
    "Organisation",
    "Rate",
    "Result",
    "Role",
    "Run",
    "Score",
    "Session",
    "State",
    "Submission",
    "Token",
    "User",
    "Webhook",
]
