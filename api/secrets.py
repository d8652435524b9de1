"""Secrets people hold: made long enough to need no slow hash, kept only as their SHA-256, compared by it."""

from __future__ import annotations

import hashlib
import secrets
from typing import Final

from api.tables import Kind

#: What a token begins with, so that people and secret scanners know one when they see it.
PREFIXES: Final = {Kind.KEY: "fpk_", Kind.SIGN_IN: "fpl_", Kind.BROWSER: "fpb_", Kind.CANDIDATE: "fpc_"}
INVITATION: Final = "fpi_"
#: How much of a token is kept readable to tell it from others.
SHOWN: Final = 10


def new(prefix: str) -> str:
    """A new secret of 256 random bits."""
    return prefix + secrets.token_urlsafe(32)


def hashed(token: str) -> bytes:
    """What is kept of a secret."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
