"""How the service listens, and how it stops."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from pathlib import Path

from api.serve import _socket
from api.settings import Settings
from tests.api.processes import descendants, eventually, started


def test_answers_are_sent_at_once() -> None:
    """No part of an answer waits until the other end has said that it got the part before."""

    async def ask() -> int:
        delays: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def met(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            connection = writer.get_extra_info("socket")
            delays.set_result(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        listening = _socket(Settings(port=0))
        async with await asyncio.start_server(met, sock=listening):
            _, writer = await asyncio.open_connection(*listening.getsockname())
            told = await delays
            writer.close()
        return told

    assert asyncio.run(ask()) == 1


def test_worker_that_hangs(tmp_path: Path) -> None:
    """A service that is stopped kills a worker that does not stop, and leaves nothing of either behind."""
    words = ("serve", "--data", str(tmp_path / "data"), "--port", "0", "--workers", "1")
    with started(*words, FORWARDPASS_GRACE_S="0") as service:
        service.until("a worker with 1 lanes")
        left = descendants(service.process.pid)
        (worker,) = [one for one in left if b"worker" in _command(one.pid)]
        os.kill(worker.pid, signal.SIGSTOP)
        service.send(signal.SIGTERM)
        assert service.ended() == 0
    eventually(lambda: [one for one in left if one.lives()], lambda found: not found)


def _command(pid: int) -> list[bytes]:
    """What a process was started with; nothing if it has just ended, as PostgreSQL's may."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    return []
