"""Columns that many tables have, each made anew for the table that asks."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import DateTime, Enum, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from api.identifiers import new_id


def identity() -> Any:
    """The primary key: made here, so that it is known before the row is written."""
    return Field(default_factory=new_id, primary_key=True)


def moment(**kwargs: Any) -> Any:
    """A moment with its time zone."""
    return Field(sa_type=DateTime(timezone=True), **kwargs)


def created() -> Any:
    """When the row was written, by the database's clock."""
    return moment(default=None, sa_column_kwargs={"server_default": func.now(), "nullable": False})


def maybe(**kwargs: Any) -> Any:
    """A moment that may not have come."""
    return moment(default=None, nullable=True, **kwargs)


def json(**kwargs: Any) -> Any:
    """Plain JSON values."""
    return Field(sa_type=JSONB, **kwargs)


def choice(kind: type[StrEnum], **kwargs: Any) -> Any:
    """One of a closed set, kept as its text and checked by the database."""
    values = Enum(kind, native_enum=False, values_callable=lambda k: [one.value for one in k], length=20)
    return Field(sa_type=values, **kwargs)


def owner() -> Any:
    """The organisation a row belongs to: nobody else ever learns that it exists."""
    return Field(foreign_key="organisation.id", index=True)


Id = uuid.UUID
Moment = datetime
