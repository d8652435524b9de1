from __future__ import annotations

import pytest

from demo import run


def test_every_verdict_is_expected(capsys: pytest.CaptureFixture[str]) -> None:
    """The demo shows right, wrong, slow and hostile submissions, and each gets the verdict it was made for."""
    assert run.main() == 0
    shown = capsys.readouterr().out
    assert all(case.file in shown for case in run.CASES)
    assert "every verdict is as expected" in shown


def test_every_submission_is_graded() -> None:
    """No file of the demo is forgotten."""
    assert {case.file for case in run.CASES} == {path.name for path in run.FOLDER.glob("*.py")}
