from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from grader import doctor
from grader.cli import cli
from grader.doctor import facts
from grader.fact import Fact
from sandbox import bubblewrap
from sandbox.errors import SandboxUnavailable


def test_this_machine() -> None:
    """Where these tests run, everything that grading needs is there and holds."""
    found = list(facts())
    assert [fact for fact in found if not fact.ok and fact.needed] == []
    names = [fact.name for fact in found]
    for name in ("python", "torch", "bubblewrap", "sandbox", "control groups", "examiner", "tasks", "user", "cores"):
        assert name in names
    assert sum(name.startswith("self-test: ") for name in names) == 8


def test_no_bubblewrap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without bubblewrap the doctor says how to get it and ends with 3."""

    def find() -> str:
        raise SandboxUnavailable("bubblewrap is missing: apt-get install bubblewrap")

    bubblewrap.version.cache_clear()
    monkeypatch.setattr(bubblewrap, "find", find)
    monkeypatch.setattr(doctor, "_examiner", lambda: Fact("examiner", True, "not started"))
    result = CliRunner().invoke(cli, ["doctor"])
    assert result.exit_code == 3
    assert "missing  bubblewrap: not found; apt-get install bubblewrap" in result.stdout
    assert "missing  sandbox: " in result.stdout
    assert "Grading does not work here yet." in result.stdout


def test_json_and_notes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fact that is only worth knowing does not make a machine unfit."""
    found = [Fact("a", True, "fine"), Fact("b", False, "less good", "do this", needed=False)]
    monkeypatch.setattr("grader.commands.doctor.facts", lambda: iter(found))
    result = CliRunner().invoke(cli, ["doctor", "--json"])
    plain = json.loads(result.stdout)
    assert result.exit_code == 0
    assert plain["works"] is True
    assert [fact["status"] for fact in plain["facts"]] == ["ok", "note"]
    assert plain["facts"][1]["fix"] == "do this"


def test_other_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another torch than the one tested with is noted; no torch is missing."""
    monkeypatch.setattr(doctor, "_pins", lambda: {"torch": "==1.0.0"})
    assert doctor._package("torch").status == "note"
    assert doctor._package("torch_of_no_version").status == "missing"


def test_pins_are_the_projects() -> None:
    """What versions are asked for is read from the project itself."""
    assert doctor._pins()["torch"].startswith("==")


@pytest.mark.parametrize("value", ["0", "1"])
def test_switched_off_namespaces(value: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A setting that keeps ordinary users from namespaces is named with the way to change it; root is not held."""
    switch = tmp_path / "switch"
    switch.write_text("0\n")
    monkeypatch.setattr(doctor, "PROC_SYS", tmp_path)
    monkeypatch.setattr(doctor, "SWITCHES", (("switch", "0", "turn it on"),))
    monkeypatch.setattr("os.geteuid", lambda: int(value))
    assert [fact.fix for fact in doctor._switches()] == (["turn it on"] if value == "1" else [])
