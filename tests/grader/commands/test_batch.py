from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from grader.commands.batch import Batch, Failed
from grader.commands.output import Output, exit_code
from grader.commands.progress import Bar, Lines, Reporter
from grader.grade import Grader, Options, SystemFailure
from grader.report import Report
from grader.submission import Submission
from grader.task import load_task


class Stub:
    """Stands for a grader that loses one submission."""

    slots = 2

    def __init__(self, report: Report) -> None:
        self._report = report

    def checks(self, *args: Any) -> int:
        """A count that nothing depends on."""
        return 4

    def grade(self, task: object, submission: Submission, options: Options, on_check: object) -> Report:
        """The one report, for all but one."""
        if submission.name == "lost":
            raise SystemFailure("lost: could not be graded after 3 tries: the lane is gone\nwith a trace")
        return self._report


@pytest.fixture
def results(bank: Path, make_report: Callable[..., Report]) -> list[Report | Failed]:
    """The results of three submissions of which one could not be graded."""
    (folder,) = bank.glob("*/*")
    submissions = [Submission(name, b"") for name in ("a", "lost", "b")]
    grader: Any = Stub(make_report())
    return list(Batch(load_task(folder), submissions, Options()).grade(grader, Reporter()))


def test_others_are_not_lost(results: list[Report | Failed]) -> None:
    """A submission that could not be graded takes no other with it, and the order is kept."""
    assert [type(result) for result in results] == [Report, Failed, Report]


def test_system_error_everywhere(
    results: list[Report | Failed], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is a line of JSON, an error in JUnit, a row of the table, and exit code 3."""
    code = Output(as_json=True, junit=tmp_path / "j.xml").write(iter(results), Reporter())
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert code == 3
    assert (lines[1]["submission"], lines[1]["verdict"]) == ("lost", "system_error")
    assert "the lane is gone" in lines[1]["error"]
    assert '<error type="system_error"' in (tmp_path / "j.xml").read_text()
    Output().write(iter(results), Reporter())
    shown = capsys.readouterr().out
    assert "could not be graded after 3 tries" in shown
    assert "with a trace" not in shown
    assert "3 submissions: 2 fail, 1 system_error" in shown


def test_exit_codes(results: list[Report | Failed]) -> None:
    """Our failure outweighs a failed submission."""
    assert exit_code([results[0]]) == 1
    assert exit_code(results) == 3


def test_left_early(bank: Path, warm_grader: Grader) -> None:
    """Left early, a batch ends its workers and the grader can be used again."""
    (folder,) = bank.glob("*/*")
    submissions = [Submission(f"s{n}", b"x = 1") for n in range(6)]
    batch = Batch(load_task(folder), submissions, Options())
    results = batch.grade(warm_grader, Reporter())
    assert isinstance(next(results), Report)
    del results
    assert len(list(batch.grade(warm_grader, Reporter()))) == len(submissions)


def test_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """A log gets a line when the text changes, or when another tenth is done."""
    with Lines() as lines:
        lines.stage("starting")
        lines.count("judging", 3)
        for text in ("one", "one", "two"):
            lines.step(text)
        for done in range(1, 31):
            lines.at("thing", done, 30)
    err = capsys.readouterr().err.splitlines()
    assert err[:4] == ["starting", "judging", "[1/3] one", "[3/3] two"]
    assert len(err) == 4 + 10


def test_bar(capsys: pytest.CaptureFixture[str]) -> None:
    """A bar draws on stderr only, whatever a text holds."""
    with Bar() as bar:
        bar.stage("starting [bold")
        bar.count("judging", 3)
        bar.step("one")
        bar.at("two", 2, 3)
    assert capsys.readouterr().out == ""
