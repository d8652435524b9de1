"""Tests of what the doctor says of a container engine."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest

from grader import engines
from grader.fact import Fact
from sandbox.engine import Engine, _absence
from sandbox.errors import EngineAway

INFO = {
    "ServerVersion": "29.1.0",
    "Runtimes": {"runc": {}, "runsc": {}, "io.containerd.runc.v2": {}},
    "DefaultRuntime": "runc",
    "CgroupVersion": "2",
    "SecurityOptions": ["name=seccomp,profile=builtin"],
}


class Api:
    """An engine that says of itself what it is given, and has one image or none."""

    def __init__(self, info: dict[str, Any], image: bool) -> None:
        self._info, self._image = info, image

    def info(self) -> dict[str, Any]:
        """Of itself."""
        return self._info

    def inspect_image(self, name: str) -> dict[str, Any]:
        """Of the image."""
        if not self._image:
            raise EngineAway("no such image")
        return {"Id": "sha256:0123456789abcdef", "Size": 700 << 20}


def facts(monkeypatch: pytest.MonkeyPatch, image: bool = True, **changes: Any) -> dict[str, Fact]:
    """What is said of an engine like `INFO`, by name."""

    @contextlib.contextmanager
    def asked(self: Engine, what: str) -> Iterator[Api]:
        yield Api(INFO | changes, image)

    monkeypatch.setattr(Engine, "asked", asked)
    return {fact.name: fact for fact in engines.engine_facts()}


def test_a_sound_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine with everything as it should be has no faults, and is summed up in a line."""
    found = facts(monkeypatch)
    assert all(fact.ok for fact in found.values())
    assert found["container engine"].says == "Docker 29.1.0, runtimes runc, runsc, control groups version 2"


@pytest.mark.parametrize(
    ("changes", "name", "fix"),
    [
        ({"CgroupVersion": "1"}, "engine's control groups", "version 2"),
        ({"SecurityOptions": ["name=seccomp", "name=apparmor"]}, "engine's AppArmor", "FORWARDPASS_LANE_APPARMOR"),
        ({"SecurityOptions": []}, "engine's seccomp", "seccomp"),
        ({"image": False}, "lane image", "docker build --target lane"),
    ],
)
def test_each_weakness_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], name: str, fix: str
) -> None:
    """Whatever is missing or weaker is one line with what to do about it."""
    fact = facts(monkeypatch, **changes)[name]
    assert not fact.ok
    assert fix in fact.fix
    assert "\n" not in fact.says + fact.fix


def test_an_unknown_runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    """A runtime the engine does not know is named with the way to register it."""
    monkeypatch.setenv("FORWARDPASS_LANE_RUNTIME", "kata")
    fact = facts(monkeypatch)["lane runtime"]
    assert not fact.ok
    assert "--add-runtime kata=" in fact.fix


@pytest.mark.parametrize("chosen", [True, False])
def test_no_engine_matters_where_lanes_are_containers(monkeypatch: pytest.MonkeyPatch, chosen: bool) -> None:
    """Without an engine nothing can be graded if lanes are to be containers; else it is only worth knowing."""
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/engine.sock")
    monkeypatch.setenv("FORWARDPASS_BACKEND", "container" if chosen else "bubblewrap")
    (fact,) = engines.engine_facts()
    assert fact.status == ("missing" if chosen else "note")
    assert fact.fix == "Start it, or set DOCKER_HOST"


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (PermissionError(13, "Permission denied"), "usermod -aG docker"),
        (TimeoutError("Read timed out."), "did not answer within"),
        (FileNotFoundError(2, "No such file"), "no container engine answers"),
        (ConnectionRefusedError(111, "Connection refused"), "nobody listens"),
    ],
)
def test_why_an_engine_does_not_answer(error: OSError, says: str) -> None:
    """Each way not to be reached has a sentence with what to do."""
    assert says in _absence(error)
