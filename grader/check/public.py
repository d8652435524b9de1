"""The public tests run with plain pytest, as on the candidate's machine: the reference passes, the starter fails."""

from __future__ import annotations

import contextlib
import functools
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from grader.check.evidence import Evidence
from grader.check.finding import Finding
from grader.grade import Grader
from grader.task import Task
from grader.textfile import read_text

FILE: Final = "test_public.py"
TIMEOUT_S: Final = 300
#: Packages of ours that a candidate does not have; if they are installed here, these stand before them.
OURS: Final = ("grader", "sandbox", "api")
ABSENT: Final = "raise ModuleNotFoundError('the candidate does not have this package')\n"
#: How pytest ends when tests ran and some failed.
SOME_FAILED: Final = 1
#: Runs pytest in each folder it is told, in a fork of a process that has imported what is slow to import: torch's
#: comparison imports more than torch itself. What is there by then needs no collecting of garbage.
DRIVER: Final = """
import gc, os, sys
import pytest, torch
torch.testing.assert_close(torch.ones(1), torch.ones(1))
gc.freeze()
for line in sys.stdin:
    folder, tests = line.split()
    if os.fork() == 0:
        os.chdir(folder)
        os.environ["HOME"] = folder
        os.dup2(os.open("said", os.O_WRONLY | os.O_CREAT), 1)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        status = pytest.main(["-q", "--tb=line", "-p", "no:cacheprovider", tests])
        sys.stdout.flush()
        os._exit(status)
    print(os.waitstatus_to_exitcode(os.wait()[1]), flush=True)
"""

#: How pytest ended, and the end of what it printed.
Ended = tuple[int, str]


@dataclass(frozen=True)
class PublicRun:
    """The public tests against some answers, each by itself."""

    sources: tuple[str, ...]
    tests: str
    name: str = FILE

    def run(self, grader: Grader, task: Task) -> list[Ended]:
        """What came of each answer."""
        with tempfile.TemporaryDirectory(prefix="forwardpass-public-") as root:
            return [
                _pytest(_written(Path(root, str(number)), source, self.tests))
                for number, source in enumerate(self.sources)
            ]


def jobs(task: Task) -> Iterator[PublicRun]:
    """The reference and the starter, as the candidate would run them."""
    yield PublicRun((task.reference, task.starter), read_text(task.public_tests))


def findings(task: Task, evidence: Evidence) -> Iterator[Finding]:
    """Public tests that do not run there, refuse the reference, or are content with the starter."""
    (run,) = jobs(task)
    (status, said), (empty_status, empty_said) = evidence.of(run)
    if status:
        yield Finding(FILE, f"plain pytest fails with the reference: {said}", "mend it: it runs without our packages")
        return
    if empty_status == 0:
        yield Finding(FILE, "passes with the starter", "have it ask for an answer")
    elif empty_status != SOME_FAILED:
        yield Finding(FILE, f"does not run with the starter: {empty_said}", "import only what the starter defines")


def _written(folder: Path, source: str, tests: str) -> Path:
    files = {"solution.py": source, FILE: tests, **{f"{name}.py": ABSENT for name in OURS}}
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def _pytest(folder: Path) -> Ended:
    with _turn:
        driver = _driver()
        try:
            status = driver.run(folder)
        except _DriverLost as lost:
            _driver.cache_clear()
            return -1, str(lost)
    return status, _end_of(folder / "said", folder)


class _DriverLost(Exception):
    """The process that runs public tests has ended, or does not answer; the message says why."""


class _Driver:
    """That process: one for all tasks, for it takes longer to import torch than to run a task's public tests."""

    def __init__(self) -> None:
        environment = {
            "PATH": os.environ.get("PATH", ""),
            "LANG": "C.UTF-8",
            "OMP_NUM_THREADS": "1",
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # other packages' plugins are not the candidate's
        }
        command = [sys.executable, "-I", "-c", DRIVER]
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115  # read when the process has ended
        self._process = subprocess.Popen(
            command,
            cwd="/",
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            start_new_session=True,
        )

    def run(self, folder: Path) -> int:
        """How pytest ends in a folder. The process ends by itself when this one does. Raises `_DriverLost`."""
        asks, answers = self._process.stdin, self._process.stdout
        assert asks
        assert answers
        with contextlib.suppress(BrokenPipeError):
            asks.write(f"{folder} {FILE}\n".encode())
            asks.flush()
        if not select.select([answers], [], [], TIMEOUT_S)[0]:
            self._end()
            raise _DriverLost(f"still running after {TIMEOUT_S} s")
        if not (line := answers.readline()):
            self._end()
            self._errors.seek(0)
            raise _DriverLost(self._errors.read().strip().rpartition("\n")[2])
        return int(line)

    def _end(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.communicate()


_driver = functools.cache(_Driver)
_turn = threading.Lock()


def _end_of(printed: Path, folder: Path) -> str:
    if not printed.exists():
        return ""
    lines = [line for line in printed.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    return " | ".join(lines[-3:]).replace(f"{folder}{os.sep}", "")
