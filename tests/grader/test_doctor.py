from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from grader import doctor
from grader.cli import cli
from grader.doctor import NO_GPU, facts
from grader.fact import Fact
from sandbox import bubblewrap
from sandbox.errors import SandboxUnavailable
from tests.sandbox.fake_gpu import ONE, TWO, answering, install, nowhere


def test_this_machine() -> None:
    """Where these tests run, everything that grading needs is there and holds."""
    found = list(facts())
    assert [fact for fact in found if not fact.ok and fact.needed] == []
    names = [fact.name for fact in found]
    for name in (
        *("python", "torch", "bubblewrap", "sandbox", "control groups"),
        *("triton", "examiner", "tasks", "user", "cores"),
    ):
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


def test_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without a GPU is as it should be; what that means is said."""
    nowhere(monkeypatch)
    assert list(doctor._gpus()) == [Fact("gpu", True, NO_GPU)]


def test_gpus(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Each GPU is shown with memory and driver, one that is kept out with the reason; neither makes a machine unfit."""
    install(monkeypatch, tmp_path, answering())
    monkeypatch.setenv("FORWARDPASS_GPU_STATE", str(tmp_path))
    monkeypatch.setattr(doctor, "obstacle", lambda gpu: "")
    (tmp_path / f"{TWO.uuid}.quarantined").write_text("no answer within 30 s (after a timeout)\n")
    one, two = doctor._gpus()
    assert (one.name, one.status) == ("gpu 0", "ok")
    assert one.says.startswith(f"{ONE.name}, {ONE.memory_mb} MB, driver 570.1")
    assert (two.name, two.status) == ("gpu 1", "note")
    assert two.says.endswith("quarantined: no answer within 30 s (after a timeout)")


def test_gpu_that_is_not_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Why a GPU is left alone is said, and what is done instead."""
    install(monkeypatch, tmp_path, answering())
    monkeypatch.setenv("FORWARDPASS_GPU_STATE", str(tmp_path))
    monkeypatch.setattr(doctor, "obstacle", lambda gpu: "torch 2.13.0+cpu is built without CUDA")
    one, _ = doctor._gpus()
    assert (one.status, one.fix) == ("note", NO_GPU)
    assert one.says.endswith("not used: torch 2.13.0+cpu is built without CUDA")


def test_driver_in_trouble(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A driver that fails is told as it tells it."""
    install(monkeypatch, tmp_path, "echo Unable to determine the device handle; exit 255")
    (fact,) = doctor._gpus()
    assert (fact.name, fact.status) == ("gpu", "note")
    assert "Unable to determine the device handle" in fact.says


@pytest.mark.parametrize(("version", "status"), [("3.7.1", "ok"), ("", "note")])
def test_triton(version: str, status: str) -> None:
    """Whether sandboxes can import Triton is told, with how to get it."""
    fact = doctor._triton(version)
    assert fact.status == status
    assert "forwardpass[triton]" in fact.fix
