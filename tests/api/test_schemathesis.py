"""Random requests over the whole API: no fault of ours, and no answer that is not described."""

from __future__ import annotations

from typing import Any

import hypothesis
import pytest
import schemathesis
from schemathesis import checks
from schemathesis.core.result import Ok

from api.app import create
from api.database import Database
from api.settings import Settings
from tests.api.conftest import Organisation, Someone

checks.load_all_checks()
NAMES = ("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance")
CHECKS = checks.CHECKS.get_by_names(NAMES)
EXAMPLES = 12


@pytest.mark.parametrize("caller", ["admin", "candidate"])
def test_random_requests(ours: Organisation, database: Database, caller: str) -> None:
    """Whatever is sent, the answer is one that the description knows."""
    who: Someone = ours.admin if caller == "admin" else ours.candidate()
    app = create(Settings(requests_a_minute=1_000_000), database)
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", app)
    for result in schema.get_all_operations():
        assert isinstance(result, Ok)
        _try(result.ok(), who.token)


def _try(operation: Any, token: str) -> None:
    if operation.path.endswith(("/events", "/sign-out")):
        return  # one does not end, the other ends the caller

    @hypothesis.settings(
        max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(hypothesis.HealthCheck)
    )
    @hypothesis.seed(20)
    @hypothesis.given(case=operation.as_strategy())
    def attempt(case: Any) -> None:
        case.call_and_validate(headers={"Authorization": f"Bearer {token}"}, checks=CHECKS)

    attempt()
