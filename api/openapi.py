"""The description of the API: `python -m api.openapi` writes it, and a test sees that it is what is served."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from api.app import create
from api.catalogue import Catalogue
from api.database import Database
from api.settings import Settings

FILE: Final = Path(__file__).with_name("openapi.json")


def description() -> dict[str, Any]:
    """What is served at `/api/v1/openapi.json`; no database is asked."""
    return create(Settings(), Database("postgresql://"), Catalogue()).openapi()


def written(plain: dict[str, Any]) -> str:
    """A description as it is kept, with a line for every value, so that changes can be read."""
    return json.dumps(plain, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


if __name__ == "__main__":
    FILE.write_text(written(description()), encoding="utf-8")
