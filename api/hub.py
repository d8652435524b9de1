"""Ears of the event loop: one connection hears PostgreSQL's notifications and wakes whoever waits for that topic.

Notifications say only that something happened and, for what is not worth a row, what. Whoever is woken reads the rows;
so a notification that is lost, with a connection that breaks or is made anew, costs a moment and never an event.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections import defaultdict
from collections.abc import AsyncIterator
from typing import Any, Final

import psycopg

CHANNEL: Final = "forwardpass"
RETRY_S: Final = 1.0
log = logging.getLogger("forwardpass.api")

#: What a notification brings beside its topic: progress that nobody needs to read again.
News = dict[str, Any]


class Hub:
    """Waits for many at once."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Queue[News]]] = defaultdict(set)
        self._task: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.closing = asyncio.Event()

    def open(self, url: str) -> None:
        """Begin to listen, in the running event loop."""
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.create_task(self._listen(url))

    def end(self) -> None:
        """Wake everybody for the last time; safe to call from a signal's handler."""
        if self._loop:
            self._loop.call_soon_threadsafe(self._end)

    def _end(self) -> None:
        self.closing.set()
        self._wake_all()

    async def close(self) -> None:
        """Wake everybody for the last time and stop listening."""
        self._end()
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    @contextlib.asynccontextmanager
    async def topic(self, name: str) -> AsyncIterator[asyncio.Queue[News]]:
        """News of one topic, from now on; an empty one says: look for yourself."""
        queue: asyncio.Queue[News] = asyncio.Queue(maxsize=100)
        self._waiting[name].add(queue)
        try:
            yield queue
        finally:
            self._waiting[name].discard(queue)
            if not self._waiting[name]:
                del self._waiting[name]

    async def _listen(self, url: str) -> None:
        while not self.closing.is_set():
            try:
                async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
                    await connection.execute(f"LISTEN {CHANNEL}")
                    self._wake_all()
                    async for notice in connection.notifies():
                        self._hear(notice.payload)
            except psycopg.Error as error:
                log.warning("not listening for a moment: %s", error)
                await asyncio.sleep(RETRY_S)

    def _hear(self, payload: str) -> None:
        news = json.loads(payload)
        for queue in self._waiting.get(news.pop("topic"), ()):
            _put(queue, news)

    def _wake_all(self) -> None:
        for queues in self._waiting.values():
            for queue in queues:
                _put(queue, {})


def _put(queue: asyncio.Queue[News], news: News) -> None:
    if not queue.full():  # whoever is so far behind has rows to read first
        queue.put_nowait(news)
