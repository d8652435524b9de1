"""Candidate code as it comes in, from files, folders and standard input; refused with a reason where it must be."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MAX_SOURCE: Final = 256 * 1024
#: The name that stands for standard input.
STDIN: Final = "-"


class SubmissionError(ValueError):
    """Some of the files cannot be submissions; `problems` names each, with the reason and what to do."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


@dataclass(frozen=True)
class Submission:
    """One piece of candidate code for one task."""

    name: str
    source: bytes

    @property
    def digest(self) -> str:
        """SHA-256 of the bytes."""
        return hashlib.sha256(self.source).hexdigest()


def problem_of(name: str, source: bytes) -> str:
    """Why these bytes cannot be a submission, or ""; the text names the file and its line, and what to do."""
    if len(source) > MAX_SOURCE:
        return f"{name}: larger than {MAX_SOURCE // 1024} KiB, the most a submission may have"
    if b"\0" in source:
        return f"{name}: binary, not Python source"
    try:
        source.decode("utf-8")
    except UnicodeDecodeError as error:
        line = source[: error.start].count(b"\n") + 1
        return f"{name}:{line}: not UTF-8 (byte {source[error.start]:#04x}): save the file as UTF-8"
    return ""


def read_submissions(names: Iterable[str]) -> list[Submission]:
    """The submissions in files and folders and, for "-", on standard input; in order, a folder's by name.

    Raises:
        SubmissionError: some of them cannot be submissions; all of those are named.
    """
    found, problems = [], []
    for name in names:
        files = _files(Path(name)) if name != STDIN and Path(name).is_dir() else [name]
        if not files:
            problems.append(f"{name}: a folder without any .py file")
        for file in files:
            submission, problem = _read(file)
            found.append(submission)
            problems += [problem] if problem else []
    if problems:
        raise SubmissionError(problems)
    return found


def _files(folder: Path) -> list[str]:
    """The Python files below a folder; what is hidden or in `__pycache__` is nobody's answer."""
    found = [path for path in sorted(folder.rglob("*.py")) if path.is_file()]
    return [str(path) for path in found if not any(map(_is_litter, path.relative_to(folder).parts))]


def _is_litter(name: str) -> bool:
    return name == "__pycache__" or name.startswith(".")


def _read(name: str) -> tuple[Submission, str]:
    """One submission and what is wrong with it."""
    shown = "stdin" if name == STDIN else name
    try:
        source = _bytes(name)
    except FileNotFoundError:
        return Submission(shown, b""), f"{name}: no such file"
    except OSError as error:
        return Submission(shown, b""), f"{name}: cannot be read: {error.strerror}"
    return Submission(shown, source), problem_of(shown, source)


def _bytes(name: str) -> bytes:
    """What a file holds, but never more of it than a submission may have: a file can be endless."""
    if name == STDIN:
        return sys.stdin.buffer.read(MAX_SOURCE + 1)
    with open(name, "rb") as file:
        return file.read(MAX_SOURCE + 1)
