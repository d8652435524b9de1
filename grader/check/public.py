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


@dataclass(frozen=True)
class PublicRun:
    """The public tests against one answer."""

    name: str
    source: str
    tests: str

    def run(self, grader: Grader, task: Task) -> tuple[int, str]:
        """How pytest ended, and the end of what it printed."""
        with tempfile.TemporaryDirectory(prefix="forwardpass-public-") as folder:
            files = {"solution.py": self.source, FILE: self.tests, **{f"{name}.py": ABSENT for name in OURS}}
            for name, text in files.items():
                (Path(folder) / name).write_text(text, encoding="utf-8")
            return _pytest(folder)


def jobs(task: Task) -> Iterator[PublicRun]:
    """The reference and the starter, as the candidate would run them."""
    tests = read_text(task.public_tests)
    yield PublicRun(f"{FILE} on reference.py", task.reference, tests)
    yield PublicRun(f"{FILE} on starter.py", task.starter, tests)


def findings(task: Task, evidence: Evidence) -> Iterator[Finding]:
    """Public tests that do not run there, refuse the reference, or are content with the starter."""
    right, empty = jobs(task)
    status, said = evidence.of(right)
    if status:
        yield Finding(FILE, f"plain pytest fails with the reference: {said}", "mend it: it runs without our packages")
        return
    status, said = evidence.of(empty)
    if status == 0:
        yield Finding(FILE, "passes with the starter", "have it ask for an answer")
    elif status != SOME_FAILED:
        yield Finding(FILE, f"does not run with the starter: {said}", "import only what the starter defines")


def _pytest(folder: str) -> tuple[int, str]:
    command = [sys.executable, "-I", "-m", "pytest", "-q", "--tb=line", "-p", "no:cacheprovider", FILE]
    environment = {"PATH": os.environ.get("PATH", ""), "HOME": folder, "LANG": "C.UTF-8", "OMP_NUM_THREADS": "1"}
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        return -1, f"still running after {TIMEOUT_S} s"
    lines = [line for line in done.stdout.splitlines() if line.strip()]
    return done.returncode, " | ".join(lines[-3:]).replace(folder + os.sep, "")
