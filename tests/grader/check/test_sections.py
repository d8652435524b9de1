from __future__ import annotations

import pytest

from grader.check import sections
from tests.grader.check.conftest import Write


def test_kept(write_task: Write) -> None:
    """A section a part, in order, in both languages: nothing to find."""
    assert list(sections.findings(write_task())) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "where", "problem"),
    [
        ("statement.md", "## mean", "### mean", "statement.md", "no section for part 'mean'"),
        (
            "statement.ru.md",
            "## mean",
            "## hints\n\nЕсть.\n\n## mean",
            "statement.ru.md:5",
            "section 'hints' belongs to no",
        ),
        (
            "statement.md",
            "## power-sum\n\nSums.\n",
            "## power-sum\n",
            "statement.md:13",
            "section 'power-sum' is empty",
        ),
    ],
)
def test_broken(write_task: Write, file: str, old: str, new: str, where: str, problem: str) -> None:
    """A section that is missing, strange or empty is named."""
    (found,) = sections.findings(write_task((file, old, new)))
    assert found.where == where
    assert found.problem.startswith(problem)


def test_order(write_task: Write) -> None:
    """Sections stand in the order of the parts."""
    swap = [("## mean", "## x"), ("## power-sum", "## mean"), ("## x", "## power-sum")]
    (found,) = sections.findings(write_task(*(("statement.md", old, new) for old, new in swap)))
    assert found.problem == "the sections are in another order than the parts"
