from __future__ import annotations

import json
from typing import Any

import pytest

from api.openapi import FILE, description, written

OPERATIONS = [
    (path, method, operation)
    for path, methods in json.loads(FILE.read_text(encoding="utf-8"))["paths"].items()
    for method, operation in methods.items()
]


def test_drift() -> None:
    """The description that is kept is the one that is served: `python -m api.openapi` writes it anew."""
    assert FILE.read_text(encoding="utf-8") == written(description())


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS)
def test_operation(path: str, method: str, operation: dict[str, Any]) -> None:
    """Every operation says what it does, and what may go wrong in the one form for that."""
    assert operation.get("description") or operation.get("summary")
    problems = {status: answer for status, answer in operation["responses"].items() if int(status) >= 400}
    if path.startswith("/api/"):
        assert {"422", "429", "503"} <= set(problems)
    for answer in problems.values():
        assert answer["content"]["application/problem+json"]["schema"]["$ref"].endswith("/ProblemBody")
        assert list(answer["content"]) == ["application/problem+json"]


def test_names() -> None:
    """Operations have short names of their own, from which clients are made."""
    names = [operation["operationId"] for _, _, operation in OPERATIONS]
    assert len(set(names)) == len(names)
    assert max(map(len, names)) < 32
