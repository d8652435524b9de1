"""The public tests run with plain pytest, as on the candidate's machine: the reference passes, the starter fails."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
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


#: Runs pytest in one folder after another, each time in a fork of a process that has imported the slow packages.
DRIVER: Final = """
import importlib, os, sys
for slow in ("pytest", "torch"):
    importlib.import_module(slow)
for folder in sys.argv[2:]:
    if os.fork() == 0:
        os.chdir(folder)
        os.environ["HOME"] = folder
        os.dup2(os.open("said", os.O_WRONLY | os.O_CREAT), 1)
        status = sys.modules["pytest"].main(["-q", "--tb=line", "-p", "no:cacheprovider", sys.argv[1]])
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
            folders = [
                _written(Path(root, str(number)), source, self.tests) for number, source in enumerate(self.sources)
            ]
            return _pytest(root, folders)


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


def _pytest(root: str, folders: list[Path]) -> list[Ended]:
    command = [sys.executable, "-I", "-c", DRIVER, FILE, *map(str, folders)]
    environment = {"PATH": os.environ.get("PATH", ""), "HOME": root, "LANG": "C.UTF-8", "OMP_NUM_THREADS": "1"}
    try:
        done = subprocess.run(
            command, cwd=root, env=environment, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        return [(-1, f"still running after {TIMEOUT_S} s")] * len(folders)
    statuses = [int(line) for line in done.stdout.split()]
    said = [_end_of(folder / "said", folder) for folder in folders]
    missing = [(-1, done.stderr.strip().rpartition("\n")[2])] * len(folders)
    return [*zip(statuses, said, strict=False), *missing][: len(folders)]


def _end_of(printed: Path, folder: Path) -> str:
    if not printed.exists():
        return ""
    lines = [line for line in printed.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    return " | ".join(lines[-3:]).replace(f"{folder}{os.sep}", "")
