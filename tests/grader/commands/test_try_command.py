from __future__ import annotations

import json

import pytest

from grader.grade import Grader, SystemFailure
from tests.grader.commands.conftest import TASK, Run
from tests.grader.commands.test_grade_command import RIGHT, written

WRONG = "def centred_rows(x):\n    return x\n"


def test_all_passed(run: Run) -> None:
    """A right answer ends with 0."""
    result = run("try", TASK, *written(right=RIGHT))
    assert (result.exit_code, result.stdout) == (0, "1 of 1 public tests passed, submission right.py\n")


def test_not_passed(run: Run) -> None:
    """A wrong answer ends with 1 and is told which test fails, where and why."""
    result = run("try", "q001", *written(wrong=WRONG), "--part", "centred-rows")
    assert result.exit_code == 1
    assert "TestCentredRows.test_worked_example: failed" in result.stdout
    assert "Tensor-likes are not close!" in result.stdout
    assert "test_public.py, line 10: torch.testing.assert_close(" in result.stdout


def test_standard_input_and_json(run: Run) -> None:
    """A minus is standard input; JSON is one line."""
    result = run("try", TASK, "-", "--json", input=WRONG)
    assert result.exit_code == 1
    told = json.loads(result.stdout)
    assert (told["passed"], [check["outcome"] for check in told["checks"]]) == (False, ["failed"])


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("q999", "right.py"), "unknown task 'q999'"),
        ((TASK, "right.py", "--part", "softmax"), "unknown part 'softmax'"),
        ((TASK, "missing.py"), "missing.py: no such file"),
        ((TASK, "."), ".: a folder: name one file"),
        ((TASK,), "Missing argument 'FILE'"),
    ],
)
def test_wrong_use(cold: Run, args: tuple[str, ...], message: str) -> None:
    """What cannot be run ends with 2 before anything starts, and says why."""
    written(right=RIGHT)
    result = cold("try", *args)
    assert result.exit_code == 2
    assert message in result.stderr


def test_failure_of_ours(run: Run, warm_grader: Grader, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the sandbox fails it ends with 3, which says nothing of the code."""

    def fails(*_: object, **__: object) -> None:
        raise SystemFailure("right.py: could not be graded: no space left")

    monkeypatch.setattr(warm_grader, "run_public", fails)
    result = run("try", TASK, *written(right=RIGHT))
    assert result.exit_code == 3
    assert "no space left" in result.stderr
