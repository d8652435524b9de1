"""Opens a grader for one command, and clears everything away however the command ends."""

from __future__ import annotations

import contextlib
import importlib.util
import signal
import threading
from collections.abc import Iterator

from grader.commands.exits import NotGraded
from grader.commands.progress import Reporter
from grader.grade import Grader

NEEDED = ("torch", "numpy", "pytest")


@contextlib.contextmanager
def opened(slots: int | None, progress: Reporter, *, races: bool = True, examiner: bool = True) -> Iterator[Grader]:
    """A warm grader on `slots` lanes, with lanes for the reference if there are `races`; see `Grader.open`.

    An interrupt is held back while its processes end.

    Raises:
        NotGraded: a package that grading needs is not installed, or the machine has no room left.
        SandboxError: no isolation works here.
    """
    _require_packages()
    grader = Grader(slots)
    progress.stage(f"starting {grader.slots} sandbox{'es' if grader.slots > 1 else ''}")
    try:
        _open(grader, races, examiner)
        yield grader
    except KeyboardInterrupt:
        progress.stage("interrupted: ending what was started")
        raise
    finally:
        with held_interrupts():
            grader.close()


@contextlib.contextmanager
def held_interrupts() -> Iterator[None]:
    """Ignore Ctrl-C inside the block: what is being cleared away is cleared away to the end."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _open(grader: Grader, races: bool, examiner: bool) -> None:
    try:
        grader.open(races=races, examiner=examiner)
    except OSError as error:
        raise NotGraded(f"the sandbox did not start: {error}") from error


def _require_packages() -> None:
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise NotGraded(f"{', '.join(missing)} not installed: pip install 'forwardpass[grade]'")
