from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from grader.check import Finding, check_task
from grader.commands import task_check
from grader.task import Task, load_task

Run = Callable[..., Result]
TASK = "q001-centred-rows"


class TestList:
    """`task list`."""

    def test_table(self, cold: Run) -> None:
        """A task is a row with its title, levels, number of parts, points and minutes."""
        result = cold("task", "list")
        assert result.exit_code == 0
        row = next(line for line in result.stdout.splitlines() if TASK in line)
        assert row.split() == [TASK, "Centred", "rows", "junior", "1", "5", "30"]

    def test_json(self, cold: Run) -> None:
        """JSON has the same for programs."""
        (row,) = json.loads(cold("task", "list", "--json", "--lang", "ru").stdout)
        assert (row["id"], row["section"], row["question"]) == (TASK, "01-basics", 1)
        assert row["parts"] == [{"id": "centred-rows", "level": "junior", "points": 5}]

    def test_broken_task(self, cold: Run, bank: Path) -> None:
        """A task that cannot be read is named on stderr and hides no other."""
        cold("task", "new", "b02-other", "--section", "applications")
        (bank / "01-basics" / TASK / "statement.md").unlink()
        result = cold("task", "list")
        assert result.exit_code == 2
        assert "b02-other" in result.stdout
        assert f"{TASK}/statement.md: there is no such file" in result.stderr


class TestShow:
    """`task show`."""

    def test_statement(self, cold: Run, bank: Path) -> None:
        """A pipe gets the statement as it is written, in either language."""
        folder = bank / "01-basics" / TASK
        assert cold("task", "show", "q001").stdout == (folder / "statement.md").read_text()
        assert cold("task", "show", "q001", "--lang", "ru").stdout == (folder / "statement.ru.md").read_text()

    def test_part(self, cold: Run) -> None:
        """A part's section can be shown alone; an unknown part is refused."""
        result = cold("task", "show", "q001", "--part", "centred-rows")
        assert result.stdout.startswith("## centred-rows\n\n```python\n")
        assert cold("task", "show", "q001", "--part", "other").exit_code == 2

    def test_device(self, cold: Run, bank: Path) -> None:
        """A part that is not for the CPU is named with its device, in the statement's language."""
        folder = bank / "01-basics" / TASK
        manifest = (folder / "task.toml").read_text()
        (folder / "task.toml").write_text(manifest.replace("points = 5\n", 'points = 5\ndevice = "cuda"\n', 1))
        shown = cold("task", "show", "q001").stdout
        assert shown.startswith((folder / "statement.md").read_text())
        assert shown.splitlines()[-1].startswith("> Part centred-rows: device = cuda.")
        assert "device = cuda" in cold("task", "show", "q001", "--lang", "ru", "--part", "centred-rows").stdout
        assert "Часть centred-rows" in cold("task", "show", "q001", "--lang", "ru").stdout

    def test_starter(self, cold: Run, bank: Path) -> None:
        """The starter is shown byte by byte."""
        assert (
            cold("task", "show", "q001", "--starter").stdout == (bank / "01-basics" / TASK / "starter.py").read_text()
        )


class TestNew:
    """`task new`."""

    @pytest.mark.parametrize("name", ["q150-lambda", "b20-flash-attention-2"])
    def test_can_be_read(self, cold: Run, bank: Path, name: str) -> None:
        """A new task is one, and has every file."""
        result = cold("task", "new", name, "--section", "applications")
        task = load_task(bank / "applications" / name)
        assert result.exit_code == 0
        assert str(task.folder) in result.stdout
        assert list(task.statement("en")) == list(task.statement("ru")) == [task.parts[0].id]
        assert [mutant.name for mutant in task.mutants()] == ["forgets_rows"]

    def test_proves_itself(self, bank: Path, warm_grader: Any) -> None:
        """All that a new task lacks is more of the same: tests and wrong answers."""
        findings = check_task(warm_grader, load_task(bank / "01-basics" / TASK), seeds=3)
        assert [finding.where for finding in findings] == ["test_hidden.py", "mutants"]

    def test_overwrites_nothing(self, cold: Run, bank: Path) -> None:
        """A task that exists is left as it is, whatever section is named."""
        before = (bank / "01-basics" / TASK / "starter.py").read_text()
        result = cold("task", "new", TASK, "--section", "02-other")
        assert result.exit_code == 2
        assert "is there already: nothing was written" in result.stderr
        assert (bank / "01-basics" / TASK / "starter.py").read_text() == before
        assert not (bank / "02-other").exists()

    @pytest.mark.parametrize(
        "name", ["q000-x", "q151-x", "b21-x", "q26-x", "b001-x", "q026", "Q026-x", "q026-x_y", "q026-2x"]
    )
    def test_impossible_id(self, cold: Run, name: str) -> None:
        """An id that no task can have is refused with the form it needs."""
        result = cold("task", "new", name, "--section", "applications")
        assert result.exit_code == 2
        assert repr(name) in result.stderr

    @pytest.mark.parametrize("section", ["", "..", "a/b", "A"])
    def test_impossible_section(self, cold: Run, section: str) -> None:
        """A section is a plain folder of the bank."""
        assert cold("task", "new", "q002-x", "--section", section).exit_code == 2


class TestCheck:
    """`task check`."""

    @pytest.fixture
    def found(self, monkeypatch: pytest.MonkeyPatch) -> list[Finding]:
        """What the check finds; to be filled by the test."""
        findings: list[Finding] = []

        def check(
            grader: object, tasks: list[Task], *, seeds: int, rounds: int, on_step: Callable[[int, int, str], None]
        ) -> Iterator[tuple[Task, list[Finding]]]:
            for task in tasks:
                on_step(seeds, seeds, f"{task.id}: reference")
                yield task, findings

        monkeypatch.setattr(task_check, "check_tasks", check)
        return findings

    def test_as_promised(self, run: Run, found: list[Finding]) -> None:
        """Without findings it ends with 0."""
        result = run("task", "check", TASK, "--seeds", "5")
        assert result.exit_code == 0
        assert f"{TASK}: as promised" in result.stdout
        assert f"[5/5] {TASK}: reference" in result.stderr

    def test_findings(self, run: Run, found: list[Finding]) -> None:
        """Each finding says where, what and what to do, as text or as JSON, and the exit code is 1."""
        found.append(Finding("statement.md:3", "no [section] for it", "write one"))
        text, plain = run("task", "check", TASK), run("task", "check", "--all", "--json", "-q")
        assert "statement.md:3: no [section] for it" in text.stdout
        assert "write one" in text.stdout
        assert json.loads(plain.stdout)["findings"] == [
            {"where": "statement.md:3", "problem": "no [section] for it", "fix": "write one"}
        ]
        assert (text.exit_code, plain.exit_code, plain.stderr) == (1, 1, "")

    def test_proven_before(self, run: Run, cold: Run, found: list[Finding], bank: Path) -> None:
        """What was proven is not proven again until it changes, more seeds are asked for, or all is wanted afresh."""
        first, second = run("task", "check", TASK), run("task", "check", "--all")
        assert "[20/20]" in first.stderr
        assert (second.exit_code, second.stderr) == (0, "")
        assert f"{TASK}: as promised, proven before" in second.stdout
        assert "[20/20]" in run("task", "check", TASK, "--afresh").stderr
        assert "[21/21]" in run("task", "check", TASK, "--seeds", "21").stderr
        (bank / "01-basics" / TASK / "interviewer.md").write_text("# Other\n")
        assert "[20/20]" in run("task", "check", TASK).stderr

    def test_findings_are_not_remembered(self, run: Run, found: list[Finding]) -> None:
        """A task with findings is checked again."""
        found.append(Finding("statement.md:3", "no [section] for it", "write one"))
        assert [run("task", "check", TASK).exit_code for _ in range(2)] == [1, 1]

    def test_broken_task(self, run: Run, found: list[Finding], bank: Path) -> None:
        """A task that cannot be read is named, the others are checked, and the exit code is 2."""
        run("task", "new", "b02-other", "--section", "applications")
        (bank / "01-basics" / TASK / "task.toml").write_text("question = ")
        result = run("task", "check", "--all")
        assert result.exit_code == 2
        assert "task.toml:1: " in result.stderr
        assert "b02-other: as promised" in result.stdout

    def test_names_or_all(self, cold: Run) -> None:
        """Either some tasks are named or all are meant."""
        assert cold("task", "check").exit_code == 2
        assert cold("task", "check", TASK, "--all").exit_code == 2
        assert cold("task", "check", "q099").exit_code == 2
