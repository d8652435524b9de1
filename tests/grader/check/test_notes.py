from __future__ import annotations

import pytest

from grader.check import notes
from tests.grader.check.conftest import Write


def test_kept(write_task: Write) -> None:
    """Notes on the question and its five follow-ups in both languages: nothing to find."""
    assert list(notes.findings(write_task())) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "where", "problem"),
    [
        ("interviewer.md", "\n## 3. Why?\n", "\n### 3. Why?\n", "interviewer.md", 'no section "## 3. …"'),
        (
            "interviewer.md",
            "# Sums\n",
            "# Sums\n## More\n\nMore.\n",
            "interviewer.md:2",
            "section 'More' has no number",
        ),
        (
            "interviewer.ru.md",
            "## 5. Почему?\n\nПотому.",
            "## 5. Почему?",
            "interviewer.ru.md:23",
            "section '5. Почему?' is",
        ),
        (
            "interviewer.md",
            "# Sums\n",
            "# Sums\n## 2. Once more?\n\nYes.\n",
            "interviewer.md",
            "the sections are numbered [2,",
        ),
    ],
)
def test_broken(write_task: Write, file: str, old: str, new: str, where: str, problem: str) -> None:
    """A section that is missing, strange, empty or out of order is named."""
    (found,) = notes.findings(write_task((file, old, new)))
    assert found.where == where
    assert found.problem.startswith(problem)
