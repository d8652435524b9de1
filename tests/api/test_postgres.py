from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from api.postgres import Postgres, PostgresError

#: Starts a server, says so, and dies without stopping it.
DYING = """
import os, sys
from pathlib import Path
from api.postgres import Postgres
Postgres(Path(sys.argv[1])).start()
os._exit(0)
"""


def test_keeps(tmp_path: Path) -> None:
    """What was committed is there after a stop, after a kill, and after its service died without stopping it."""
    server = Postgres(tmp_path)
    for number, end in enumerate((server.stop, server.kill, server.stop)):
        server.start()
        with psycopg.connect(server.url) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS kept (number int)")
            connection.execute("INSERT INTO kept VALUES (%s)", [number])
        end()
    subprocess.run([sys.executable, "-c", DYING, str(tmp_path)], check=True)
    with server, psycopg.connect(server.url) as connection:
        assert connection.execute("SELECT number FROM kept ORDER BY 1").fetchall() == [(0,), (1,), (2,)]


def test_one_at_a_time(tmp_path: Path) -> None:
    """A second service on the same folder is told so, and the first goes on."""
    with Postgres(tmp_path) as server:
        with pytest.raises(PostgresError, match="another service runs"):
            Postgres(tmp_path).start()
        psycopg.connect(server.url).close()


def test_half_made(tmp_path: Path) -> None:
    """A folder in which a database was being made when the machine went down is made anew."""
    (tmp_path / "data.new").mkdir()
    (tmp_path / "data.new" / "PG_VERSION").write_text("16\n")
    with Postgres(tmp_path) as server:
        psycopg.connect(server.url).close()


def test_long_folder(tmp_path: Path) -> None:
    """A folder whose name is too long for a socket will do."""
    deep = tmp_path / ("d" * 100)
    with Postgres(deep) as server:
        psycopg.connect(server.url).close()


def test_nothing_left(tmp_path: Path) -> None:
    """After a stop its process is gone."""
    server = Postgres(tmp_path)
    server.start()
    pid = server.pid
    server.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, signal.SIGCONT)
