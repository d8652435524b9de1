from __future__ import annotations

from pathlib import Path

import pytest

from grader.manifest import read_manifest
from grader.schema import Budget, Discussion, Level, Manifest, Part
from grader.textfile import TaskError

HEAD = "question = 26\nminutes = 25\n"
PART = '[[part]]\nid = "a"\nentry = "f"\nlevel = "junior"\npoints = 5\nanswers = [0]\n'
OTHER = PART.replace('"a"', '"b"')


def read(text: str) -> Manifest:
    return read_manifest(Path("task.toml"), text)


def test_least_manifest() -> None:
    """What may be left out has its default."""
    got = read(HEAD + PART)
    assert got == Manifest(question=26, minutes=25, parts=(Part("a", "f", Level.JUNIOR, 5, (0,)),))
    assert (got.wall_s, got.memory_mb, got.parts[0].budget, got.parts[0].device) == (10.0, 1024, Budget(), "cpu")


def test_full_manifest() -> None:
    """Every key is read."""
    head = 'question = "b07"\nminutes = 5\nforbid = ["torch.softmax"]\nforbid_ops = ["_softmax"]\n'
    head += "wall_s = 3\nmemory_mb = 64\n"
    part = PART + 'budget = { time = 2, growth = 1.3 }\ndevice = "cuda"\n'
    got = read(head + part + "[[discussion]]\nfollow_up = 4\n")
    assert (got.question, got.forbid, got.forbid_ops) == ("b07", ("torch.softmax",), ("_softmax",))
    assert (got.wall_s, got.memory_mb, got.discussions) == (3.0, 64, (Discussion(4),))
    assert (got.parts[0].budget, got.parts[0].device) == (Budget(2.0, None, 1.3), "cuda")


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (HEAD, None, "no parts"),
        (HEAD + "limit = 1\n" + PART, 3, "unknown key 'limit'"),
        (HEAD + PART + "pionts = 1\n", 9, "did you mean 'points'"),
        (HEAD + PART + "budget = { tme = 1 }\n", 9, "did you mean 'time'"),
        (HEAD + PART + "budget = { time = 0 }\n", 9, "time must be above zero"),
        (HEAD + PART + "budget = { memory = inf }\n", 9, "memory must be above zero"),
        (HEAD + PART + "budget = { growth = '1' }\n", 9, "growth must be a number"),
        (HEAD + PART + "device = 'tpu'\n", 9, "unknown device 'tpu': known are cpu, cuda"),
        (HEAD + PART + "device = 'cuda:0'\n", 9, "unknown device 'cuda:0': known are cpu, cuda"),
        (HEAD + PART + PART, 10, "id stands for a, and so does an earlier one"),
        (HEAD + PART.replace('"a"', '"a1"') + PART.replace('"a"', '"a-1"'), 10, "id stands for TestA1"),
        (HEAD + PART.replace('"a"', '"A"'), 4, "id must be lowercase words joined by hyphens"),
        (HEAD + PART.replace('"a"', '"a_b"'), 4, "id must be lowercase words"),
        (HEAD + PART.replace("id =", "name ="), 4, "unknown key 'name'"),
        (HEAD + PART.replace('"f"', '"class"'), 5, "entry must be the public name"),
        (HEAD + PART.replace('"f"', '"_f"'), 5, "entry must be the public name"),
        (HEAD + PART.replace("junior", "juniour"), 6, "unknown level 'juniour': did you mean 'junior'?"),
        (HEAD + PART.replace("points = 5", "points = 0"), 7, "points must be above zero"),
        (HEAD + PART.replace("points = 5", "points = true"), 7, "points must be a whole number"),
        (HEAD + PART.replace("points = 5\n", ""), 3, "'points' is missing"),
        (HEAD + PART.replace("[0]", "[6]"), 8, "answers must list"),
        (HEAD + PART.replace("[0]", "[-1]"), 8, "answers must list"),
        (HEAD + PART.replace("[0]", "[]"), 8, "answers must list"),
        (HEAD + PART.replace("[0]", "[1, 1]"), 8, "twice"),
        (HEAD + PART + OTHER + "[[discussion]]\nfollow_up = 6\n", 16, "follow_up must be 1 to 5"),
        (HEAD + PART + "[[discussion]]\nfollow_up = 1\n" * 2, 12, "follow_up stands for 1"),
        (HEAD + PART + "[discussion]\nfollow_up = 1\n", 9, "write [[discussion]], with two brackets"),
        (HEAD.replace("25", "-1") + PART, 2, "minutes must be above zero"),
        (HEAD + "wall_s = 0\n" + PART, 3, "wall_s must be above zero"),
        (HEAD + "memory_mb = 1.5\n" + PART, 3, "memory_mb must be a whole number"),
        (HEAD + "forbid = ['torch softmax']\n" + PART, 3, "forbid must be a dotted name"),
        (HEAD.replace("26", "151") + PART, 1, "question must be 1 to 150"),
        (HEAD.replace("26", "0") + PART, 1, "question must be 1 to 150"),
        (HEAD.replace("26", "true") + PART, 1, "question must be 1 to 150"),
        (HEAD.replace("26", '"b21"') + PART, 1, "question must be 1 to 150"),
        (HEAD.replace("question = 26\n", "") + PART, None, "question must be 1 to 150"),
        (HEAD + "[[part]\n", 3, "not TOML"),
    ],
)
def test_refused(text: str, line: int | None, message: str) -> None:
    """What is wrong is refused at its line, with words that say what to do."""
    with pytest.raises(TaskError) as caught:
        read(text)
    assert message in caught.value.message
    assert caught.value.line == line
