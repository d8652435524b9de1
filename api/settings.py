"""How the service is set up: one frozen object, read once from the environment, that refuses what is not safe."""

from __future__ import annotations

import os
from functools import cached_property
from ipaddress import ip_address
from pathlib import Path
from typing import Final, Self
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX: Final = "FORWARDPASS_"


class SettingsError(ValueError):
    """The service must not start with these settings; the message names the variable and says what to do."""


class Settings(BaseSettings):
    """Every setting, by the variable `FORWARDPASS_<NAME>`; `DATABASE_URL` goes without the prefix.

    Attributes:
        database_url: a PostgreSQL of yours; without one the service runs its own in `data`.
        data: the folder of all that the service keeps by itself.
        public_url: what people's browsers call this service; links in invitations begin with it.
        insecure: allow plain http beyond this machine, for a trial behind nothing.
        workers: gradings at once in the worker that `serve` starts; 0 starts none, None one a core.
        max_body_kb: the largest request that is read.
        requests_a_minute: what one caller may write before it is told to wait.
        waiting_runs: how many runs against public tests one session may have waiting.
        heartbeat_s: how often a worker says it lives; after three silent ones its jobs go to others.
        grace_s: how long a stopping worker finishes what it has begun before it hands it back.
        allow_private_webhooks: deliver webhooks to addresses of private networks.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore", hide_input_in_errors=True)

    database_url: str = Field(default="", validation_alias="DATABASE_URL", repr=False)
    data: Path = Field(default_factory=lambda: default_data())
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    public_url: str = ""
    insecure: bool = False
    workers: int | None = Field(default=None, ge=0, le=256)
    max_body_kb: int = Field(default=1024, ge=64, le=65536)
    requests_a_minute: int = Field(default=60, ge=1)
    waiting_runs: int = Field(default=2, ge=1, le=100)
    heartbeat_s: float = Field(default=10.0, ge=0.2, le=60.0)
    grace_s: float = Field(default=20.0, ge=0.0, le=600.0)
    pool: int = Field(default=20, ge=2, le=500)
    allow_private_webhooks: bool = False

    @model_validator(mode="after")
    def _require_safety(self) -> Self:
        if self.database_url and urlsplit(self.database_url).scheme not in ("postgresql", "postgres"):
            raise ValueError("DATABASE_URL: only PostgreSQL will do, as postgresql://user:password@host/database")
        scheme = urlsplit(self.public_url).scheme
        if self.public_url and scheme not in ("http", "https"):
            raise ValueError(f"{PREFIX}PUBLIC_URL: begin it with https://")
        if not self.insecure and not _is_local(self.host) and scheme != "https":
            raise ValueError(
                f"{PREFIX}HOST={self.host} is reached from outside, where code and keys must not travel in the clear: "
                f"put a proxy with TLS before it and name it in {PREFIX}PUBLIC_URL=https://…, or say {PREFIX}INSECURE=1"
            )
        return self

    @cached_property
    def url(self) -> str:
        """What links begin with, without a slash at the end."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def stalled_s(self) -> float:
        """After so long a silence a worker counts as dead."""
        return 3 * self.heartbeat_s


def load(**overrides: object) -> Settings:
    """The settings of this process.

    Raises:
        SettingsError: one is wrong or not safe.
    """
    try:
        return Settings(**overrides)  # type: ignore[arg-type]  # any may be given, and all are validated
    except ValidationError as error:
        raise SettingsError("; ".join(_told(one["loc"], one["msg"]) for one in error.errors())) from None


def default_data() -> Path:
    """Where the service keeps its data unless it is told."""
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "forwardpass"


def _told(where: tuple[int | str, ...], message: str) -> str:
    name = "".join(f"{PREFIX}{str(part).upper()}: " for part in where if part != "DATABASE_URL")
    return name + message.removeprefix("Value error, ")


def _is_local(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
