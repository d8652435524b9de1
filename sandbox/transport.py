"""How a worker and the zygote in a container reach each other: by a Unix socket in a mounted folder, or by attaching.

The socket is the faster one, above all for large tensors, and serves wherever worker and engine share a machine. The
attach stream serves where they do not, and under a runtime that lets no socket of the host in, as gVisor by default.
"""

from __future__ import annotations

import contextlib
import select
import shutil
import socket
from collections.abc import Callable
from typing import Any, Final, Protocol

from sandbox.attach import Attached, carried
from sandbox.engine import Engine
from sandbox.errors import LaneLost
from sandbox.home import Home

#: Longest wait for a started container to connect.
CONNECT_S: Final = 60.0
INSIDE: Final = "/lane"


class Transport(Protocol):
    """One lane's way to its zygote."""

    def arguments(self) -> list[str]:
        """What the zygote is told."""

    def config(self) -> dict[str, Any]:
        """What the container's configuration needs for it."""

    def host_config(self) -> dict[str, Any]:
        """What the host's part of it needs."""

    def prepare(self, engine: Engine, container: str) -> None:
        """Between creating and starting the container."""

    def connected(self, has_ended: Callable[[], bool]) -> socket.socket:
        """The control socket, once the container runs.

        Raises:
            LaneLost: the container ended instead, or did not connect in time.
        """

    def close(self) -> None:
        """Leave nothing behind; the control socket is closed by whoever has it."""


class ByPath:
    """A Unix socket in a folder that this container alone has mounted, or in the volume all lanes share.

    The socket's name goes as soon as the zygote has connected, before candidate code comes into the lane.
    """

    def __init__(self, home: Home, volume: str) -> None:
        self._folder, self._volume = home.folder(), volume
        self._path = self._folder / "control"
        self._waiting = socket.socket(socket.AF_UNIX)
        self._waiting.bind(str(self._path))
        self._path.chmod(0o666)
        self._waiting.listen(1)

    def arguments(self) -> list[str]:
        """Where the socket is, as the container sees it."""
        return ["--socket", f"{INSIDE}/{self._folder.name}/control" if self._volume else f"{INSIDE}/control"]

    def config(self) -> dict[str, Any]:
        """Nothing."""
        return {}

    def host_config(self) -> dict[str, Any]:
        """The mount, and a small log for what a container says before it connects."""
        mount = {"Type": "bind", "Source": str(self._folder)}
        if self._volume:
            mount = {"Type": "volume", "Source": self._volume}
        log = {"max-size": "1m", "max-file": "1", "compress": "false"}
        return {
            "Mounts": [mount | {"Target": INSIDE, "ReadOnly": True}],
            "LogConfig": {"Type": "local", "Config": log},
        }

    def prepare(self, engine: Engine, container: str) -> None:
        """Nothing: the socket waits already."""

    def connected(self, has_ended: Callable[[], bool]) -> socket.socket:
        """The zygote's connection."""
        for _ in range(int(CONNECT_S * 2)):
            if select.select([self._waiting], [], [], 0.5)[0]:
                control = self._waiting.accept()[0]
                self._path.unlink()
                return control
            if has_ended():
                raise LaneLost("a lane's container ended before it connected: is its image of this version?")
        raise LaneLost(f"no connection from a lane's container within {CONNECT_S:g} s")

    def close(self) -> None:
        """Delete the folder."""
        self._waiting.close()
        shutil.rmtree(self._folder, ignore_errors=True)


class ByAttaching:
    """Standard input and output of the container, through the engine."""

    def __init__(self) -> None:
        self._stream: Attached | None = None

    def arguments(self) -> list[str]:
        """That it is so."""
        return ["--attached"]

    def config(self) -> dict[str, Any]:
        """Standard input is open, until the worker goes: then the container ends."""
        attached = dict.fromkeys(("AttachStdin", "AttachStdout", "AttachStderr"), True)
        return attached | {"OpenStdin": True, "StdinOnce": True}

    def host_config(self) -> dict[str, Any]:
        """No log: it would be a copy of everything that crosses."""
        return {"LogConfig": {"Type": "none"}}

    def prepare(self, engine: Engine, container: str) -> None:
        """Attach before the container starts, so that nothing is missed."""
        params = dict.fromkeys(("stdin", "stdout", "stderr", "stream"), 1)
        with engine.asked("attach to") as api:
            self._stream = Attached(api.attach_socket(container, params=params))

    def connected(self, has_ended: Callable[[], bool]) -> socket.socket:
        """A control socket carried over the stream; whether anyone is at its other end shows at the first request."""
        assert self._stream is not None
        return carried(self._stream)

    def close(self) -> None:
        """End the stream."""
        if self._stream:
            with contextlib.suppress(OSError):
                self._stream.close()
