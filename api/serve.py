"""`forwardpass serve`: everything on one machine, started in order and stopped in the opposite one."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Final

import uvicorn

from api import bootstrap
from api.app import create
from api.database import Database
from api.hub import Hub
from api.postgres import Postgres, PostgresError
from api.settings import Settings

#: How long answers under way may take after a request to stop.
ANSWERS_S: Final = 10
#: How often we look whether a worker or a PostgreSQL has died, to start it again.
RESTART_S: Final = 2.0
#: Answers come before gradings where both want the same core, three times out of four; costs are CPU time, and walls
#: allow for as much waiting, so no verdict hangs on it.
POLITENESS: Final = "5"
log = logging.getLogger("forwardpass")
Say = Callable[[str], None]


class Server(uvicorn.Server):
    """Ends event streams as soon as it is told to stop: they would hold it otherwise."""

    def __init__(self, config: uvicorn.Config, hub: Hub) -> None:
        super().__init__(config)
        self._hub = hub

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take signals while this lasts, and none again afterwards: a stop that was asked for is no fault."""
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Take a signal."""
        self._hub.end()
        super().handle_exit(sig, frame)


def serve(settings: Settings, say: Say) -> None:
    """Run until a signal comes.

    Raises:
        PostgresError: our own PostgreSQL does not start.
        OSError: the port is taken.
    """
    with contextlib.ExitStack() as stack:
        listening = stack.enter_context(contextlib.closing(_socket(settings)))
        database = Database(stack.enter_context(_database_url(settings, say)), pool=settings.pool)
        stack.callback(database.close)
        say("bringing the database up to date")
        database.migrate()
        if key := bootstrap.first_key(database):
            say(f"the first admin's key, told only now: {key}")
        if settings.workers != 0:
            stack.enter_context(_worker(settings, database.url, say))
        port = listening.getsockname()[1]
        at = settings.model_copy(update={"port": port})
        app = create(at, database)
        config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=ANSWERS_S, server_header=False)
        say(f"Forward Pass is at {at.url}")
        Server(config, app.state.context.hub).run(sockets=[listening])
        say("stopping")


@contextlib.contextmanager
def _database_url(settings: Settings, say: Say) -> Iterator[str]:
    """The PostgreSQL that was named, or our own for as long as this lasts."""
    if settings.database_url:
        yield settings.database_url
        return
    say(f"starting PostgreSQL in {settings.data}")
    with Postgres(settings.data / "postgres") as server, _looked_after(lambda: _revive(server, say)):
        yield server.url


def _revive(server: Postgres, say: Say) -> None:
    """Start our own PostgreSQL again if it has ended by itself; until then readers and writers are told to wait."""
    if not server.ended:
        return
    try:
        server.revive()
        say("PostgreSQL had ended and was started again")
    except PostgresError as error:
        log.warning("%s; trying again", error)


@contextlib.contextmanager
def _worker(settings: Settings, url: str, say: Say) -> Iterator[None]:
    """A worker process, started again should it die."""
    command = ["nice", "-n", POLITENESS, sys.executable, "-m", "api.cli", "worker"]
    if settings.workers:
        command += ["--jobs", str(settings.workers)]
    environment = os.environ | {"DATABASE_URL": url}
    process = subprocess.Popen(command, env=environment, start_new_session=True)

    def revive() -> None:
        nonlocal process
        if (status := process.poll()) is not None:
            say(f"the worker ended with status {status}; starting another")
            process = subprocess.Popen(command, env=environment, start_new_session=True)

    try:
        with _looked_after(revive):
            yield
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(3 * settings.grace_s + ANSWERS_S)
        except subprocess.TimeoutExpired:  # it hangs; what it had begun is found by the next one
            log.warning("the worker does not stop and is killed")
            process.kill()
            process.wait()


@contextlib.contextmanager
def _looked_after(look: Callable[[], None]) -> Iterator[None]:
    """Look every few seconds, for as long as this lasts, whether something has to be started again."""
    stopping = threading.Event()

    def watch() -> None:
        while not stopping.wait(RESTART_S):
            look()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        stopping.set()
        watcher.join()


def _socket(settings: Settings) -> socket.socket:
    """The port, taken before anything is started that would have to be stopped."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # Named, the protocol lets asyncio send at once: otherwise an answer's body waits 40 ms for its head's receipt.
    made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((settings.host, settings.port))
    except OSError as error:
        made.close()
        raise OSError(f"{settings.host}:{settings.port} cannot be taken: {error.strerror}; try --port") from error
    made.listen(2048)
    return made
