"""A small task on disk and a report in memory, for tests to bend."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from grader.report import Check, PartReport, Report
from grader.score import ReportVerdict
from grader.verdict import Verdict

MANIFEST = """\
question = 26
minutes = 25
forbid = ["torch.softmax"]
forbid_ops = ["_softmax"]

[[part]]
id = "softmax"
entry = "softmax"
level = "junior"
points = 5
answers = [0]
budget = { time = 2.0 }

[[part]]
id = "log-softmax"
entry = "log_softmax"
level = "senior"
points = 3
answers = [2, 3]

[[discussion]]
follow_up = 1
"""

FILES = {
    "task.toml": MANIFEST,
    "statement.md": "# Stable softmax\n\nWhy.\n\n## softmax\n\nOne.\n\n## log-softmax\n\nTwo.\n",
    "statement.ru.md": "# Устойчивый softmax\n\nЗачем.\n\n## softmax\n\nРаз.\n\n## log-softmax\n\nДва.\n",
    "starter.py": "def softmax(x: 'Tensor', dim: int) -> Tensor:\n    raise NotImplementedError\n",
    "reference.py": "def softmax(x, dim):\n    return x\n",
    "test_public.py": "",
    "test_hidden.py": "",
    "mutants/naive.py": '# expect: softmax not_finite, log-softmax fails\n"""Thinks exp cannot overflow."""\n',
}

Write = Callable[..., Path]


@pytest.fixture
def write_task(tmp_path: Path) -> Write:
    """Write a right task, with some files put in place of its own, and return its folder."""

    def write(section: str = "activations", name: str = "q026-stable-softmax", **files: str) -> Path:
        folder = tmp_path / "tasks" / section / name
        for path, text in {**FILES, **files}.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
        return folder

    return write


@pytest.fixture
def make_report() -> Callable[..., Report]:
    """Make a report of one part with the given checks."""

    def make(*checks: Check, verdict: Verdict = Verdict.WRONG_VALUE, **changes: Any) -> Report:
        part = PartReport("softmax", "softmax", verdict, 0, 5, checks, cpu_ms=12.0, peak_mb=3.0)
        known: dict[str, Any] = {
            "task": "q026-stable-softmax",
            "title": "Stable softmax",
            "task_digest": "aa",
            "submission": "s1",
            "submission_digest": "bb",
            "seed": 7,
            "grader_version": "0.1.0",
            "backend": {"name": "bubblewrap"},
            "hardware": {"cpu": "two cores"},
            "level": "junior",
            "verdict": ReportVerdict.FAIL,
            "points": 0,
            "max_points": 5,
            "parts": (part,),
            "elapsed_ms": 83.0,
        }
        return Report(**{**known, **changes})

    return make
