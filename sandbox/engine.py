"""The Docker engine by its API: every call has a deadline, every failure becomes a sentence that says what to do."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from sandbox.errors import EngineAway, SandboxUnavailable

if TYPE_CHECKING:
    import docker

#: Longest wait for one answer of the engine.
ENGINE_S: Final = 30


class Engine:
    """The engine that DOCKER_HOST names, or the one on this machine."""

    def __init__(self) -> None:
        self._version = "auto"

    @contextlib.contextmanager
    def asked(self, what: str) -> Iterator[docker.APIClient]:
        """A client for one matter, closed after it; what the SDK raises becomes one of our errors.

        Raises:
            EngineAway: the engine does not answer, failed, or has no image.
            SandboxUnavailable: it refused, which another try does not change; or the SDK is missing.
        """
        try:
            import docker.errors
            import requests
        except ImportError as error:
            raise SandboxUnavailable("the Docker SDK is missing: pip install 'forwardpass[docker]'") from error
        try:
            with contextlib.closing(self._client()) as api:
                yield api
        except docker.errors.ImageNotFound as error:
            raise EngineAway(f"the engine has no image for lanes: {_said(error)}. Build or pull it") from error
        except docker.errors.APIError as error:
            if error.response is not None and error.response.status_code < 500 and error.response.status_code != 404:
                raise SandboxUnavailable(f"the engine refuses to {what} a lane: {_said(error)}") from error
            raise EngineAway(f"the engine could not {what} a lane: {_said(error)}") from error
        except (docker.errors.DockerException, requests.RequestException, OSError) as error:
            raise EngineAway(_absence(error)) from error

    def _client(self) -> docker.APIClient:
        import docker
        from docker.utils import kwargs_from_env

        client = docker.APIClient(**kwargs_from_env(), version=self._version, timeout=ENGINE_S)
        self._version = client.api_version
        return client


def _said(error: Any) -> str:
    return " ".join(str(error.explanation or error).split())[:500]


def _absence(error: Exception) -> str:
    """Why there is no engine, and what to do."""
    text = str(error)
    if "Permission denied" in text or "PermissionError" in text:
        return "no permission on the engine's socket. Add this user to its group: usermod -aG docker <user>"
    if "timed out" in text.lower():
        return f"the engine did not answer within {ENGINE_S:g} s. Look at its log: journalctl -u docker"
    known = {"FileNotFoundError": "nothing is at its address", "refused": "nobody listens at its address"}
    why = next((says for sign, says in known.items() if sign in text), text.splitlines()[0][:200])
    return f"no container engine answers: {why}. Start it, or set DOCKER_HOST"
