"""A task's files as read from disk, and the error that says which file and line to mend, and how."""

from __future__ import annotations

import difflib
import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

#: More words than this are not listed in a message.
MANY: Final = 20


class TaskError(Exception):
    """A task, or the bank of them, is not as it must be; printed as `file:line: what to do`."""

    def __init__(self, path: Path, message: str, line: int | None = None) -> None:
        super().__init__(path, message, line)
        self.path = path
        self.message = message
        self.line = line

    def __str__(self) -> str:
        where = str(self.path) if self.line is None else f"{self.path}:{self.line}"
        return f"{where}: {self.message}"


def read_bytes(path: Path) -> bytes:
    """The bytes of one file.

    Raises:
        TaskError: the file is missing or cannot be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise TaskError(path, "there is no such file: write it") from error
    except OSError as error:
        raise TaskError(path, f"cannot be read: {error.strerror}") from error


def read_text(path: Path) -> str:
    """The text of one file, with Unix line ends and without a byte-order mark.

    Raises:
        TaskError: the file is missing, cannot be read, or is not UTF-8.
    """
    try:
        text = read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise TaskError(path, f"not UTF-8 ({error.reason}): save the file as UTF-8", line) from error
    return text.replace("\r\n", "\n")


def files_of(folder: Path) -> list[Path]:
    """Every file that makes up a task, sorted by name; `__pycache__` and hidden files are no part of it."""
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return [folder / name for name in names if not any(map(_is_litter, name.split("/")))]


def digest_of(folder: Path) -> str:
    """The SHA-256 of the names and bytes of `files_of(folder)`.

    Raises:
        TaskError: a file cannot be read.
    """
    sha = hashlib.sha256()
    for path in files_of(folder):
        name, data = os.fsencode(path.relative_to(folder).as_posix()), read_bytes(path)
        sha.update(b"%b\0%d\0" % (name, len(data)))
        sha.update(data)
    return sha.hexdigest()


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The end of an error message about an unknown word: the nearest known one, or all of them if they are few."""
    words = list(known)
    near = (
        difflib.get_close_matches(word, words, n=3, cutoff=0.7)
        or [other for other in words if word and word in other][:3]
    )
    if near:
        return "did you mean " + " or ".join(map(repr, near)) + "?"
    return "known are " + ", ".join(words) if len(words) <= MANY else f"none of {len(words)} known comes near"


def _is_litter(name: str) -> bool:
    return name == "__pycache__" or name.startswith(".")
