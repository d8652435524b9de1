"""What candidates and recruiters talk to: it must not know what it could give away."""

from __future__ import annotations

from tests.images import secrets
from tests.images.conftest import Built


def test_no_secrets(service: Built) -> None:
    """No hidden test, reference, mutant or note is in it, under whatever name."""
    assert not secrets.found(service.entries)


def test_public_files(service: Built) -> None:
    """What a candidate may read of every task is in it."""
    missing = secrets.digests(secret=False) - {entry.digest for entry in service.entries}
    assert not missing, secrets.STALE


def test_no_torch(service: Built) -> None:
    """Neither torch nor numpy nor pytest is in it."""
    assert not [e.path for e in service.entries if {"torch", "numpy", "pytest", "_pytest"} & set(e.path.split("/"))]


def test_works(service: Built) -> None:
    """Its commands work with a read-only root and no network, the API's packages among them."""
    assert "q026-stable-softmax" in service.run("forwardpass", "task", "list")
    assert "Run the service" in service.run("forwardpass", "--help")
    service.run("python3", "-c", "import api.serve")
