"""`forwardpass regrade` on a folder, with real gradings of a light task."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import api.cli  # noqa: F401  # adds the commands
from grader import cli

SUBMISSIONS = Path("demo/submissions")
TASK = "q026-stable-softmax"


def run(*words: str) -> Result:
    """Run the command."""
    return CliRunner().invoke(cli.cli, ["regrade", *words])


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a right and a wrong answer and what they got."""
    folder = tmp_path_factory.mktemp("saved")
    (folder / TASK).mkdir()
    for name in ("right_softmax.py", "no_max_shift.py"):
        (folder / TASK / name).write_bytes((SUBMISSIONS / name).read_bytes())
    result = run("--local", str(folder), "-q")
    assert result.exit_code == 0, result.output
    return folder


def test_nothing_changed(saved: Path) -> None:
    """The same bytes under the same task and seed get what they got, and the exit code is 0."""
    before = (saved / "baseline.jsonl").read_bytes()
    result = run("--local", str(saved), "-q", "--json", "--task", "q026")
    assert result.exit_code == 0, result.output
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["is_change"] for line in lines] == [False, False]
    assert (saved / "baseline.jsonl").read_bytes() == before


def test_changed(saved: Path, tmp_path: Path) -> None:
    """A verdict that is not what it was is exit code 4, a failure in the JUnit file, and told with the check."""
    text = (saved / "baseline.jsonl").read_text(encoding="utf-8")
    reports = [json.loads(line) for line in text.splitlines()]
    (wrong,) = (report for report in reports if report["submission"] == "no_max_shift.py")
    wrong |= {"verdict": "pass", "points": wrong["max_points"]}
    folder = tmp_path / "changed"
    (folder / TASK).mkdir(parents=True)
    (folder / TASK / "no_max_shift.py").write_bytes((saved / TASK / "no_max_shift.py").read_bytes())
    (folder / "baseline.jsonl").write_text("".join(json.dumps(one) + "\n" for one in reports), encoding="utf-8")
    junit, markdown = tmp_path / "out.xml", tmp_path / "out.md"
    result = run("--local", str(folder), "-q", "--junit", str(junit), "--markdown", str(markdown))
    assert result.exit_code == 4, result.output
    assert "1 submissions graded again: 1 changed" in result.stdout
    assert "missing: q026-stable-softmax/right_softmax.py" in result.stderr
    assert [case.get("name") for case in ET.fromstring(junit.read_text()).iter("testcase")] == ["no_max_shift.py"]
    assert "| pass | partial | 1 |" in markdown.read_text() or "| pass | fail | 1 |" in markdown.read_text()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "name a folder with --local"),
        (("--local", "nowhere"), "nowhere: not a folder"),
        (("--save",), "--save goes with --local"),
        (("--local", "tests", "--apply"), "leave out --local"),
        (("--local", "{}", "--verdict", "partial", "--task", "q001"), "no submission fits"),
    ],
)
def test_wrong_use(saved: Path, words: tuple[str, ...], said: str) -> None:
    """What cannot be done as asked is exit code 2 and says why."""
    result = run(*(word.format(saved) for word in words))
    assert result.exit_code == 2
    assert said in result.stderr


def test_broken_baseline(tmp_path: Path) -> None:
    """A baseline that is no list of reports is refused with file and line."""
    (tmp_path / "baseline.jsonl").write_text('{"format": 1}\n', encoding="utf-8")
    result = run("--local", str(tmp_path))
    assert result.exit_code == 2
    assert "baseline.jsonl:1: not a saved report" in result.stderr
