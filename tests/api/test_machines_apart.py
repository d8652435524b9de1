"""Two workers on machines of their own, which are network namespaces, and one database that both reach over TCP."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

import pytest
from sqlmodel import select

from api import postgres as own
from api.database import Database
from api.postgres import Postgres
from api.tables import Attempt, State
from tests.api.conftest import Organisation
from tests.api.processes import SLOW, all_done, eventually, states, unhurried, verdicts, worker

#: Where the networks of cables lie, four addresses a cable.
CABLES = IPv4Network("10.224.0.0/11")
pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or not all(map(shutil.which, ("ip", "nsenter", "unshare"))),
    reason="network namespaces take root and the programs ip, nsenter and unshare",
)


@dataclass(frozen=True)
class Machine:
    """A network namespace with a cable to this one; no name holds it, so it goes with the last process inside.

    What outlives a run that was killed is in nobody's way: the next one has other numbers, and so other addresses.
    """

    inside: subprocess.Popen[bytes]

    @property
    def within(self) -> tuple[str, ...]:
        """What runs a command there."""
        return ("nsenter", f"--net=/proc/{self.inside.pid}/ns/net", "--")

    @property
    def cable(self) -> str:
        """Our end of the cable."""
        return f"fp-{self.inside.pid}"

    @property
    def addresses(self) -> tuple[IPv4Address, IPv4Address]:
        """Our address, as seen from there, and its own: no other process has its number now."""
        first = CABLES[4 * self.inside.pid % CABLES.num_addresses]
        return first + 1, first + 2

    def plug(self) -> None:
        """Lay the cable."""
        us, there = self.addresses
        _ip("link", "add", self.cable, "type", "veth", "peer", "name", "cable", "netns", str(self.inside.pid))
        _ip("addr", "add", f"{us}/30", "dev", self.cable)
        _ip("addr", "add", f"{there}/30", "dev", "cable", within=self.within)
        _ip("link", "set", "cable", "up", within=self.within)
        self.connect("up")

    def connect(self, state: str) -> None:
        """Plug the cable in, `up`, or pull it, `down`: what is sent then is swallowed and nobody is told."""
        _ip("link", "set", self.cable, state)


@contextlib.contextmanager
def plugged_in() -> Iterator[Machine]:
    """One that is there until we let it go, or are gone ourselves."""
    command = ("unshare", "--net", "--", "cat")
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as inside:
        assert inside.stdin
        assert inside.stdout
        inside.stdin.write(b"\n")
        assert inside.stdout.read(1), "no network namespace can be made"  # what answers is within it
        made = Machine(inside)
        made.plug()
        yield made


def _ip(*words: str, within: Sequence[str] = ()) -> None:
    done = subprocess.run([*within, "ip", *words], capture_output=True, text=True)
    assert not done.returncode, f"ip {' '.join(words)}: {done.stderr}"


@pytest.fixture(scope="module")
def machines() -> Iterator[tuple[Machine, Machine]]:
    """Two machines that reach us and not each other."""
    with plugged_in() as one, plugged_in() as two:
        yield one, two


@pytest.fixture(scope="module")
def postgres(machines: tuple[Machine, Machine], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """A server with an empty schema that listens on the addresses by which those machines know us."""
    server = Postgres(tmp_path_factory.mktemp("database"))
    with server:
        Database(server.url).migrate()
    with (server.folder / "data" / "pg_hba.conf").open("a") as file:
        file.write(f"host all all {CABLES} trust\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(own.OPTIONS, "listen_addresses", ",".join(str(machine.addresses[0]) for machine in machines))
        with server:
            yield server


def url_from(machine: Machine, url: str) -> str:
    """The database's address on the network of a machine."""
    return f"postgresql://postgres@{machine.addresses[0]}:5432/{url.rsplit('/', 1)[1].partition('?')[0]}"


def test_two_workers(ours: Organisation, url: str, database: Database, machines: tuple[Machine, Machine]) -> None:
    """Workers of two machines grade from one queue at the same time; when one dies the other does all that is left."""
    candidate = unhurried(ours)
    one, two = machines
    with (
        worker(url_from(one, url), within=one.within) as first,
        worker(url_from(two, url), within=two.within),
    ):
        for _ in range(8):
            assert candidate.submit(SLOW).status_code == 202
        eventually(lambda: states(database), lambda found: found.get(State.DONE, 0) >= 4)
        first.process.kill()
        all_done(database, 8)
    assert verdicts(database) == ["pass"] * 8
    with database.session() as db:
        done = [one for one in db.exec(select(Attempt)).all() if one.outcome == "done"]
    assert len({attempt.worker for attempt in done}) == 2
    assert any(_overlap(a, b) for a in done for b in done if a.worker < b.worker)


def test_cut_off(ours: Organisation, url: str, database: Database, machines: tuple[Machine, Machine]) -> None:
    """A worker whose network swallows everything loses its work to another, is refused once it is back, works on."""
    candidate = unhurried(ours)
    candidate.submit(SLOW)
    one, two = machines
    with worker(url_from(one, url), within=one.within) as lonely:
        eventually(lambda: states(database), lambda found: found == {State.RUNNING: 1})
        one.connect("down")
        with worker(url_from(two, url), within=two.within):
            all_done(database, 1)
        one.connect("up")
        lonely.until("another attempt was faster")
        candidate.submit(SLOW)
        all_done(database, 2)
    assert verdicts(database) == ["pass", "pass"]


def test_silence_is_noticed(database: Database) -> None:
    """Either end of every connection gives up on a peer that acknowledges nothing."""
    with database.engine.connect() as connection:
        parameters = connection.connection.driver_connection.info.get_parameters()  # type: ignore[union-attr]
        there = connection.exec_driver_sql("SHOW idle_in_transaction_session_timeout").scalar_one()
    assert (parameters["tcp_user_timeout"], there) == ("20000", "1min")
    assert "tcp_user_timeout=20000" in database.conninfo


def _overlap(one: Attempt, other: Attempt) -> bool:
    assert one.finished_at
    assert other.finished_at
    return one.started_at < other.finished_at and other.started_at < one.finished_at
