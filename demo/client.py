"""Somebody at the service's API: sends, and says what was wrong if it does not answer as it should."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx2

TIMEOUT_S = 120


class Client:
    """A caller with a token."""

    def __init__(self, url: str, token: str = "") -> None:
        self.url, self.token = url, token
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = httpx2.Client(base_url=f"{url}/api/v1", headers=headers, timeout=TIMEOUT_S)

    def get(self, path: str) -> Any:
        """What is there."""
        return self._checked(self._http.get(path))

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """What came of it."""
        return self._checked(self._http.post(path, json=body or {}))

    def events(self, path: str) -> Iterator[dict[str, Any]]:
        """What happens, as it does: each event's data with its `kind`."""
        with self._http.stream("GET", path) as answer:
            kind = ""
            for line in answer.iter_lines():
                if line.startswith("event: "):
                    kind = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    yield {"kind": kind, **json.loads(line.removeprefix("data: "))}

    def _checked(self, answer: httpx2.Response) -> Any:
        if answer.is_error:
            raise SystemExit(f"{answer.request.method} {answer.request.url}: {answer.status_code}: {answer.text}")
        return answer.json() if answer.content else None
