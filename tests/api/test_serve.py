"""How the service listens."""

from __future__ import annotations

import asyncio
import socket

from api.serve import _socket
from api.settings import Settings


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
