"""Workers and services as processes of their own, to be killed, stopped and starved."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from sqlalchemy.exc import DBAPIError
from sqlmodel import func, select

from api import faults
from api.catalogue import Catalogue
from api.database import Database
from api.tables import Attempt, Grading, Result, State, Submission
from tests.api.conftest import TASK, Candidate, Organisation

#: A part without a budget, so that an answer may take its time: nothing is measured over and over again.
UNTIMED = "cross-entropy-grad"
#: Right, and asleep most of the time: a worker can be caught at it, and two take half as long as one on any machine.
SLOW = f"""import time
{Catalogue().get(TASK).reference}

fast = cross_entropy_grad


def cross_entropy_grad(*args, **kwargs):
    time.sleep(0.2)
    return fast(*args, **kwargs)
"""
#: Longest wait for anything that has to happen; a slow machine makes it later, and nothing makes it wrong.
PATIENCE_S = 120.0
HEARTBEAT_S = 0.5
T = TypeVar("T")


@dataclass
class Started:
    """A process of ours and what it has printed, into a file: a pipe that nobody empties would stop it."""

    process: subprocess.Popen[bytes]
    output: Path
    _told: int = 0

    @property
    def said(self) -> str:
        """All it has printed."""
        return self.output.read_text(encoding="utf-8", errors="replace")

    def until(self, pattern: str) -> re.Match[str]:
        """Wait until it prints something, in whole lines, after what was found last."""
        give_up_at = time.monotonic() + PATIENCE_S
        while True:
            status, said = self.process.poll(), self.said
            if found := re.compile(pattern).search(said, self._told, said.rfind("\n") + 1):
                self._told = found.end()
                return found
            assert status is None, f"it ended with {status}: {said}"
            assert time.monotonic() < give_up_at, f"it did not say {pattern!r}: {said}"
            time.sleep(0.05)

    def send(self, number: int) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def ended(self) -> int:
        """Its exit code, when it has one."""
        return self.process.wait(PATIENCE_S)


@contextlib.contextmanager
def started(
    *words: str, within: Sequence[str] = (), die_at: str = "", notes: Path | None = None, **environment: str
) -> Iterator[Started]:
    """A `forwardpass` command that runs `within` another one, killed at last if nobody has ended it."""
    more = {"FORWARDPASS_HEARTBEAT_S": str(HEARTBEAT_S), "PYTHONUNBUFFERED": "1", **environment}
    if die_at:
        more |= {faults.VARIABLE: die_at, faults.FOLDER: str(notes)}
    command = [*within, sys.executable, "-m", "api.cli", *words]
    with tempfile.NamedTemporaryFile(prefix="fp-said-") as output:
        process = subprocess.Popen(command, env=os.environ | more, stdout=output, stderr=subprocess.STDOUT)
        made = Started(process, Path(output.name))
        try:
            yield made
        finally:
            _end(process)
            print(made.said)  # told where the test fails


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process, by force if need be."""
    if process.poll() is None:
        process.send_signal(signal.SIGCONT)
        process.terminate()
        try:
            process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()


@contextlib.contextmanager
def worker(
    url: str, *, within: Sequence[str] = (), die_at: str = "", notes: Path | None = None, **environment: str
) -> Iterator[Started]:
    """A worker with one lane that has begun to look for work."""
    words = ("worker", "--jobs", "1")
    with started(*words, within=within, die_at=die_at, notes=notes, DATABASE_URL=url, **environment) as made:
        made.until("a worker with 1 lanes")
        yield made


@dataclass(frozen=True)
class Process:
    """A process, told from a later one with its number by when it began."""

    pid: int
    began: str

    def lives(self) -> bool:
        """Whether it is there, other than as a zombie."""
        return self in _processes() and _status(self.pid)[0] != "Z"


def descendants(pid: int) -> list[Process]:
    """All processes below one, wherever they are in the tree."""
    known = {process: int(_status(process.pid)[1]) for process in _processes()}
    found = {pid}
    while more := {process.pid for process, parent in known.items() if parent in found} - found:
        found |= more
    return [process for process in known if process.pid in found - {pid}]


def _processes() -> list[Process]:
    numbers = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    return [Process(number, words[19]) for number in numbers if (words := _status(number))[1] != "0"]


def _status(pid: int) -> list[str]:
    """What the kernel says of a process after its name: state, parent and so on; a parent of 0 if it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ["Z", "0", *["0"] * 50]


def unhurried(ours: Organisation) -> Candidate:
    """A candidate who is asked for what `SLOW` answers."""
    return ours.candidate(ours.assessment(tasks=[{"task": TASK, "parts": [UNTIMED]}]))


def eventually(look: Callable[[], T], wanted: Callable[[T], bool] = bool) -> T:
    """What `look` sees once it is as wanted, however often the database is away in between."""
    give_up_at = time.monotonic() + PATIENCE_S
    while True:
        with contextlib.suppress(DBAPIError):
            if wanted(found := look()):
                return found
        assert time.monotonic() < give_up_at, "it did not happen"
        time.sleep(0.1)


def states(database: Database) -> dict[State, int]:
    """How many gradings are where."""
    with database.session() as db:
        rows = db.exec(select(Grading.state, func.count()).group_by(Grading.state)).all()
    return {State(state): count for state, count in rows}


def all_done(database: Database, count: int) -> None:
    """Wait until so many gradings are done, and check that nothing was lost, judged twice or left over."""
    eventually(lambda: states(database), lambda found: found == {State.DONE: count})
    with database.session() as db:
        assert len(db.exec(select(Result)).all()) == len(db.exec(select(Submission)).all()) == count
        for grading in db.exec(select(Grading)).all():
            attempts = db.exec(select(Attempt).where(Attempt.grading_id == grading.id)).all()
            assert sorted(one.epoch for one in attempts) == list(range(1, grading.epoch + 1))
            assert [one.outcome for one in attempts].count("done") == 1


def verdicts(database: Database) -> list[str]:
    """The verdicts of all results."""
    with database.session() as db:
        return sorted(db.exec(select(Result.verdict)).all())
