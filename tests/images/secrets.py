"""Which files of the task bank no image but the worker's may hold."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from tests.images.conftest import Entry

TASKS = Path(__file__).parent.parent.parent / "tasks"
NAMES = {"test_hidden.py", "reference.py", "interviewer.md", "interviewer.ru.md"}
FOLDERS = {"mutants", "accepted"}
STALE = "has the bank changed since the image was built? .ci/engine.sh builds it"


def is_secret(path: str) -> bool:
    """Whether a path names something hidden."""
    pure = PurePosixPath(path)
    return pure.name in NAMES or not FOLDERS.isdisjoint(pure.parts)


def digests(secret: bool = True) -> set[str]:
    """What the files of this checkout's bank hold: the hidden ones, or the others."""
    files = [path for path in TASKS.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    chosen = [path.read_bytes() for path in files if is_secret(str(path.relative_to(TASKS))) == secret]
    return {hashlib.sha256(text).hexdigest() for text in chosen if text}


def found(entries: Iterable[Entry]) -> list[str]:
    """Paths in an image that are hidden by their name in a task bank, or by what they hold under any name."""
    known = digests()
    return [e.path for e in entries if e.digest in known or ("_tasks/" in e.path and is_secret(e.path))]
