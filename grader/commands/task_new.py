"""`forwardpass task new`: the folder of a new task, which explains itself and is graded from the first minute."""

from __future__ import annotations

import keyword
import re
from pathlib import Path
from string import Template
from typing import Final

import click

from grader.bank import default_root
from grader.commands.exits import Refused
from grader.manifest import BONUS_TOPICS, QUESTIONS
from grader.schema import Level, Part

SKELETON: Final = Path(__file__).parent.parent / "skeleton"
#: Each file of the skeleton carries this, so that no tool takes it for code.
SUFFIX: Final = ".txt"
ID: Final = re.compile(r"(?P<kind>[qb])(?P<number>(?<=q)\d{3}|(?<=b)\d\d)-(?P<words>[a-z][a-z0-9]*(-[a-z0-9]+)*)")
SECTION: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@click.command("new")
@click.argument("task_id", metavar="ID")
@click.option("--section", required=True, help="The folder of the bank it belongs to, such as 09-attention.")
def command(task_id: str, section: str) -> None:
    """Create the folder of a new task.

    ID is the number of the question and a few words: q026-stable-softmax, or b07-flash-attention for a bonus topic.
    What is written can be graded and checked at once; every file says what belongs there.
    """
    files = files_of_new(task_id)
    folder = _free(task_id, section)
    try:
        _write(folder, files)
    except OSError as error:
        raise Refused(f"{error.filename}: cannot be written: {error.strerror}") from error
    click.echo(f"{folder}\nnext: write it, then forwardpass task check {task_id}")


def files_of_new(task_id: str) -> dict[str, str]:
    """The files of a new task by name.

    Raises:
        Refused: no task can have this id.
    """
    values = _values(task_id)
    paths = sorted(SKELETON.rglob("*" + SUFFIX))
    names = [path.relative_to(SKELETON).as_posix().removesuffix(SUFFIX) for path in paths]
    texts = [Template(path.read_text(encoding="utf-8")).substitute(values) for path in paths]
    return dict(zip(names, texts, strict=True))


def _values(task_id: str) -> dict[str, str]:
    match = ID.fullmatch(task_id)
    if match is None:
        raise Refused(f"{task_id!r} is no task id: write q001-some-words, or b01-some-words for a bonus topic")
    number, last = int(match["number"]), QUESTIONS if match["kind"] == "q" else BONUS_TOPICS
    if not 1 <= number <= last:
        raise Refused(f"{task_id!r}: there are questions 1 to {QUESTIONS} and bonus topics 1 to {BONUS_TOPICS}")
    part = match["words"]
    name = part.replace("-", "_")
    return {
        "question": str(number) if match["kind"] == "q" else f'"{match["kind"]}{match["number"]}"',
        "title": part.replace("-", " ").capitalize(),
        "part": part,
        "entry": f"{name}_" if keyword.iskeyword(name) else name,
        "test_class": Part(part, name, Level.JUNIOR, 1, (0,)).test_class,
    }


def _free(task_id: str, section: str) -> Path:
    """Where the task goes; nothing is ever overwritten."""
    root = default_root()
    if not SECTION.fullmatch(section):
        raise Refused(f"{section!r} is no section: write lowercase words joined by hyphens, such as 09-attention")
    for taken in root.glob(f"*/{task_id}"):
        raise Refused(f"{taken} is there already: nothing was written")
    return root / section / task_id


def _write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
