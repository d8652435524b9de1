"""The step between the worker and bubblewrap, with other programs in bubblewrap's place."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox import launch

LAUNCHER = Path(launch.__file__)


def start(config: dict[str, Any], control: int) -> subprocess.CompletedProcess[str]:
    """Run the launcher as a lane's backend does."""
    whole = {"joins": [], "uid": None, "control": control} | config
    return subprocess.run(
        [sys.executable, "-I", "-S", str(LAUNCHER), json.dumps(whole)],
        env={"SECRET": "secret", "LANG": "C.UTF-8"},
        pass_fds=[control],
        capture_output=True,
        text=True,
        check=False,
    )


def sh(script: str) -> dict[str, Any]:
    """A shell script in bubblewrap's place."""
    return {"command": ["/bin/sh", "-c", script]}


def test_program_starts_bare(tmp_path: Path) -> None:
    """The program gets no environment but what a shell makes up, the root as its folder, and a strict umask."""
    with open(tmp_path / "control", "w") as control:
        done = start(sh("/usr/bin/env; umask; pwd"), control.fileno())
    lines = done.stdout.splitlines()
    assert "secret" not in done.stdout
    assert {line.split("=")[0] for line in lines[:-2]} <= {"PWD", "SHLVL", "_", "OLDPWD"}
    assert lines[-2:] == ["0077", "/"]


def test_control_descriptor(tmp_path: Path) -> None:
    """The control descriptor arrives as number 3, whatever it was."""
    with open(tmp_path / "control", "w") as control:
        done = start(sh("echo hello >&3"), control.fileno())
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "control").read_text() == "hello\n"


def test_groups_are_joined(tmp_path: Path) -> None:
    """The process enters every control group before anything else."""
    joins = [tmp_path / "memory", tmp_path / "pids"]
    with open(tmp_path / "control", "w") as control:
        done = start(sh("true") | {"joins": [str(join) for join in joins]}, control.fileno())
    assert done.returncode == 0
    assert [join.read_text() for join in joins] == ["0", "0"]


def test_group_that_cannot_be_joined(tmp_path: Path) -> None:
    """If a control group cannot be entered nothing is started."""
    with open(tmp_path / "control", "w") as control:
        done = start(sh("echo started") | {"joins": [str(tmp_path / "no" / "where")]}, control.fileno())
    assert done.returncode != 0
    assert done.stdout == ""


@pytest.fixture
def reachable() -> Iterator[Path]:
    """A folder that every user may pass through; pytest's own are for one user."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives up root")
def test_root_is_given_up(reachable: Path) -> None:
    """Started by root, the program runs as the given user in no other group, and can see what only root could reach."""
    hidden = reachable / "hidden"
    hidden.mkdir(mode=0o700)
    (hidden / "folder").mkdir()
    (hidden / "folder" / "file").write_text("through")
    (hidden / "single").write_text("alone")
    stage = reachable / "stage"
    stage.mkdir()
    script = f"/usr/bin/id -u; /usr/bin/id -G; cat {stage}/0/file {stage}/1; cat {hidden}/single"
    sources = [str(hidden / "folder"), str(hidden / "single")]
    config = {"uid": 2_000_000_123, "stage": str(stage), "sources": sources}
    with open(reachable / "control", "w") as control:
        done = start(sh(script) | config, control.fileno())
    assert done.stdout == "2000000123\n2000000123\nthroughalone"
    assert "denied" in done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts")
def test_no_mount_shows_on_the_host(tmp_path: Path) -> None:
    """What is laid under the private mount point is not seen from here, during or after."""
    stage = tmp_path / "stage"
    stage.mkdir()
    before = Path("/proc/self/mountinfo").read_text()
    config = {"uid": 2_000_000_123, "stage": str(stage), "sources": [str(tmp_path)]}
    with open(tmp_path / "control", "w") as control:
        start(sh("true") | config, control.fileno())
    assert Path("/proc/self/mountinfo").read_text() == before
    assert list(stage.iterdir()) == []
    stage.rmdir()
