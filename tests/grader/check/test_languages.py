from __future__ import annotations

import pytest

from grader.check import languages
from tests.grader.check.conftest import Write

BLOCK = "\n~~~\n# Потому.\n~~~\n"


def test_kept(write_task: Write) -> None:
    """Two languages with the same sections and code blocks: nothing to find."""
    assert list(languages.findings(write_task())) == []


def test_order_of_a_statement_is_not_its_business(write_task: Write) -> None:
    """Sections of a statement are compared by name, wherever they stand."""
    swap = [("## mean", "## x"), ("## power-sum", "## mean"), ("## x", "## power-sum")]
    block = [
        (f"statement{part}.md", "```python\ndef mean(values: list[float]) -> float\n```\n", "") for part in ("", ".ru")
    ]
    task = write_task(*block, *(("statement.ru.md", old, new) for old, new in swap))
    assert list(languages.findings(task)) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "where", "problem"),
    [
        ("statement.ru.md", "```python\ndef mean", "def mean", "statement.ru.md:5", "0 code blocks here, 1 in English"),
        (
            "interviewer.ru.md",
            "## 4. Почему?\n",
            "## 4. Почему?\n" + BLOCK,
            "interviewer.ru.md:19",
            "1 code blocks here, 0",
        ),
        ("statement.ru.md", "## mean\n\nСуммы.", "## mean\n\nSums.", "statement.ru.md:5", "not a word of Russian"),
        ("interviewer.ru.md", "# Суммы", "# Sums", "interviewer.ru.md:1", "not a word of Russian"),
    ],
)
def test_broken(write_task: Write, file: str, old: str, new: str, where: str, problem: str) -> None:
    """A section that is translated in part, or not at all, is named."""
    (found,) = languages.findings(write_task((file, old, new)))
    assert found.where == where
    assert found.problem.startswith(problem)
