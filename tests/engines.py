"""What tests do where no container engine can be used: skip by name, or fail where one has to be there."""

from __future__ import annotations

import os
from typing import Final, NoReturn

import pytest

#: Set in CI, which brings an engine and the images up before the tests.
REQUIRED: Final = "FORWARDPASS_REQUIRE_ENGINE"


def without_engine(why: object) -> NoReturn:
    """End the test: it needs an engine that answers and images of this version."""
    if os.environ.get(REQUIRED):
        pytest.fail(f"{REQUIRED} is set, and {why}")
    pytest.skip(f"container: {why}")
