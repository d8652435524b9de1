"""A caller of the service's API, for commands: says what was wrong if it does not answer as it should."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx2

TIMEOUT_S = 60.0


class ApiError(Exception):
    """The service could not be asked, or refused; the message says why.

    Attributes:
        status: of the answer; 0 if there was none.
    """

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class Client:
    """A caller with a token, or with none."""

    def __init__(self, url: str, token: str = "") -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = httpx2.Client(base_url=f"{url.rstrip('/')}/api/v1", headers=headers, timeout=TIMEOUT_S)

    def get(self, path: str, **parameters: Any) -> Any:
        """What is there.

        Raises:
            ApiError: it cannot be told.
        """
        return self._asked("GET", path, params=parameters)

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """What came of it.

        Raises:
            ApiError: nothing did.
        """
        return self._asked("POST", path, json=body or {})

    def items(self, path: str) -> Iterator[dict[str, Any]]:
        """A list, page by page.

        Raises:
            ApiError: it cannot be told.
        """
        page = self.get(path)
        yield from page["items"]
        while page.get("next"):
            page = self.get(path, cursor=page["next"])
            yield from page["items"]

    def _asked(self, method: str, path: str, **more: Any) -> Any:
        try:
            answer = self._http.request(method, path, **more)
        except httpx2.HTTPError as error:
            raise ApiError(f"{self._http.base_url}: {error}") from error
        if answer.is_error:
            raise ApiError(f"{method} {path}: {_detail(answer)}", answer.status_code)
        return answer.json()


def _detail(answer: httpx2.Response) -> str:
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return f"status {answer.status_code}"
