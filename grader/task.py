"""One task: a folder read and validated, and everything that grading, pages and checks take from it."""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from grader.answer import Answer, load_answer
from grader.manifest import read_manifest
from grader.mutant import Mutant, load_mutant
from grader.schema import Budget, Discussion, Level, Manifest, Part
from grader.source import entry_returns
from grader.statement import Statement, split_statement
from grader.textfile import TaskError, did_you_mean, digest_of, files_of, read_text

__all__ = ["Budget", "Discussion", "Level", "Mutant", "Part", "Task", "TaskError", "entry_returns", "load_task"]

MANIFEST: Final = "task.toml"
ACCEPTED: Final = "accepted"
MUTANTS: Final = "mutants"
TEXT_SUFFIXES: Final = frozenset({".py", ".md", ".toml"})
LANGUAGES: Final = ("en", "ru")


@dataclass(frozen=True, kw_only=True)
class Task(Manifest):
    """A task on disk. Its files are read when asked for; every method raises `TaskError` where one is not right."""

    id: str
    folder: Path
    section: str

    def text(self, name: str, language: str) -> str:
        """The prose `name` (`statement` or `interviewer`) in one language.

        Raises:
            TaskError: there is no such text, or it is not UTF-8.
        """
        return read_text(self._prose(name, language))

    def title(self, language: str) -> str:
        """The statement's title. Raises `TaskError` as `statement` does."""
        return self._statement(language).title

    def introduction(self, language: str) -> str:
        """What stands between the title and the first part. Raises `TaskError` as `statement` does."""
        return self._statement(language).introduction

    def statement(self, language: str) -> dict[str, str]:
        """The text of each part's section, without its heading, in the statement's order.

        Raises:
            TaskError: there is no such statement, or its headings are not one title and a section a part.
        """
        return self._statement(language).sections

    @property
    def starter(self) -> str:
        """The source that the candidate opens. Raises `TaskError` if it is missing."""
        return read_text(self.folder / "starter.py")

    @property
    def reference(self) -> str:
        """The source of the right answer. Raises `TaskError` if it is missing."""
        return read_text(self.folder / "reference.py")

    @property
    def public_tests(self) -> Path:
        """The tests that the candidate sees and can run."""
        return self.folder / "test_public.py"

    @property
    def hidden_tests(self) -> Path:
        """The tests that never leave the grader."""
        return self.folder / "test_hidden.py"

    def mutants(self) -> list[Mutant]:
        """Every wrong answer kept with the task, by name.

        Raises:
            TaskError: one of them is not as a mutant must be.
        """
        part_ids = [part.id for part in self.parts]
        return [load_mutant(path, part_ids) for path in self.python_in(MUTANTS)]

    def accepted(self) -> list[Answer]:
        """Every right answer kept beside the reference, by name.

        Raises:
            TaskError: one of them is not as it must be.
        """
        return [load_answer(path) for path in self.python_in(ACCEPTED)]

    def python_in(self, name: str) -> list[Path]:
        """The Python files in one of the task's own folders, by name."""
        return [path for path in files_of(self.folder / name) if path.suffix == ".py"]

    @property
    def digest(self) -> str:
        """The SHA-256 of all files' names and bytes: two tasks of one digest grade alike.

        Raises:
            TaskError: a file cannot be read.
        """
        return digest_of(self.folder)

    def select(self, level: Level | None = None, part_ids: Collection[str] = ()) -> tuple[Part, ...]:
        """The parts asked at `level`, or all of them; with `part_ids`, those of them that are named.

        Raises:
            TaskError: a part is unknown, or nothing is left to grade.
        """
        known = [part.id for part in self.parts]
        for name in part_ids:
            if name not in known:
                raise TaskError(self.folder, f"unknown part {name!r}: {did_you_mean(name, known)}")
        named = [part for part in self.parts if not part_ids or part.id in part_ids]
        chosen = tuple(part for part in named if level is None or part.level <= level)
        if not chosen:
            lowest = min(part.level for part in named)
            raise TaskError(self.folder, f"nothing to grade at level {level}: these parts start at {lowest}")
        return chosen

    def _statement(self, language: str) -> Statement:
        path = self._prose("statement", language)
        return split_statement(path, read_text(path))

    def _prose(self, name: str, language: str) -> Path:
        if language not in LANGUAGES:
            raise TaskError(self.folder, f"unknown language {language!r}: {did_you_mean(language, LANGUAGES)}")
        return self.folder / (f"{name}.md" if language == "en" else f"{name}.{language}.md")


def load_task(folder: Path) -> Task:
    """Read and validate the task in `folder`.

    Raises:
        TaskError: `task.toml` is missing or wrong, the folder's name does not fit its question, or a text file is not
            UTF-8.
    """
    folder = Path(os.path.abspath(folder))
    path = folder / MANIFEST
    if not path.is_file():
        raise TaskError(folder, f"no {MANIFEST} here: a task is a folder that has one")
    manifest = read_manifest(path, read_text(path))
    _require_name(folder, manifest.question)
    for file in files_of(folder):
        if file.suffix in TEXT_SUFFIXES:
            read_text(file)
    return Task(id=folder.name, folder=folder, section=folder.parent.name, **vars(manifest))


def _require_name(folder: Path, question: int | str) -> None:
    prefix = question if isinstance(question, str) else f"q{question:03d}"
    if not re.fullmatch(rf"{prefix}(-[a-z0-9]+)+", folder.name):
        message = f"question {question} belongs in a folder named {prefix}-<words>, not {folder.name!r}"
        raise TaskError(folder / MANIFEST, message)
