"""How often a race is wrong beside two busy neighbours.

A made-up task whose answer does 1.0, 1.25 or 1.5 times the reference's work is graded over and over with a limit of
1.1 ×. False fails are equal answers judged too slow; detections are slower answers judged so.
"""

from __future__ import annotations

import multiprocessing
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from bench.tables import table
from grader.grade import Grader, Options
from grader.submission import Submission
from grader.task import Task, load_task

LIMIT = 1.1
FILES = {
    "task.toml": f"""
question = 1
minutes = 1
[[part]]
id = "work"
entry = "work"
level = "junior"
points = 1
answers = [0]
budget = {{ time = {LIMIT} }}
""",
    "statement.md": "# Work\n\n## work\n\nWork.\n",
    "starter.py": "from torch import Tensor\n\n\ndef work(x: Tensor) -> Tensor:\n    ...\n",
    "test_hidden.py": '''
import torch


class TestWork:
    def test_speed(self, candidate, budget, rng):
        """It takes its time."""
        budget.time("work", lambda: (torch.randn(256, 256, generator=rng),))
''',
}


def answer(rounds: int) -> str:
    """Code whose cost is proportional to `rounds`, whatever it returns."""
    return f"""
import torch
from torch import Tensor


def work(x: Tensor) -> Tensor:
    y = x
    for _ in range({rounds}):
        y = torch.tanh(x @ x.T) @ x
    return y
"""


def main(console: Console, quick: bool) -> None:
    """Print the table."""
    rounds = 10 if quick else 60
    rows = table(f"limit {LIMIT} x, two busy neighbours", "graded", "too_slow", "pass", "not_measured")
    with tempfile.TemporaryDirectory() as folder, Grader(1) as grader:
        task = _write(Path(folder))
        _one(grader, task, 8, Options())
        with _busy(2):
            for label, count in (("1.00 x: false fails", 8), ("1.25 x: detections", 10), ("1.50 x: detections", 12)):
                rows.add_row(label, *_row(grader, task, count, rounds))
    console.print(rows)


def _row(grader: Grader, task: Task, count: int, rounds: int) -> list[str]:
    verdicts = [_one(grader, task, count, Options(seed=seed)) for seed in range(rounds)]
    return [str(rounds), *(str(verdicts.count(name)) for name in ("too_slow", "pass", "not_measured"))]


def _one(grader: Grader, task: Task, count: int, options: Options) -> str:
    submission = Submission("work", answer(count).encode())
    return str(grader.grade(task, submission, options).parts[0].verdict)


def _write(folder: Path) -> Task:
    path = folder / "section" / "q001-work"
    path.mkdir(parents=True)
    for name, text in (FILES | {"reference.py": answer(8)}).items():
        (path / name).write_text(text)
    return load_task(path)


@contextmanager
def _busy(count: int) -> Iterator[None]:
    neighbours = [multiprocessing.Process(target=_spin, daemon=True) for _ in range(count)]
    for neighbour in neighbours:
        neighbour.start()
    try:
        yield
    finally:
        for neighbour in neighbours:
            neighbour.kill()
            neighbour.join()


def _spin() -> None:
    import torch

    torch.set_num_threads(1)
    x = torch.randn(300, 300)
    until = time.monotonic() + 3600
    while time.monotonic() < until:
        x = torch.tanh(x @ x)
