"""What the doctor says of a container engine: whether it answers, and what lanes in it will be like."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from grader.backend import in_containers
from grader.fact import Fact
from sandbox.container import Settings
from sandbox.engine import Engine
from sandbox.errors import SandboxError

BUILD: Final = "docker build --target lane -t forwardpass-lane ."


def engine_facts() -> Iterator[Fact]:
    """Everything about the engine; only worth knowing unless lanes are to be containers."""
    needed, engine, settings = in_containers(), Engine(), Settings.from_environment()
    try:
        with engine.asked("see") as api:
            info: Mapping[str, Any] = api.info()
    except SandboxError as error:
        problem, _, fix = str(error).partition(". ")
        problem, _, command = problem.partition(": pip install")
        fix = f"pip install{command}" if command else fix
        yield Fact("container engine", False, problem, fix, needed)
        return
    yield Fact("container engine", True, _summary(info))
    yield from _weaknesses(info, settings)
    yield _runtime(info, settings, needed)
    yield _image(engine, settings, needed)


def _summary(info: Mapping[str, Any]) -> str:
    runtimes = ", ".join(sorted(name for name in info["Runtimes"] if not name.startswith("io.")))
    return f"Docker {info['ServerVersion']}, runtimes {runtimes}, control groups version {info['CgroupVersion']}"


def _weaknesses(info: Mapping[str, Any], settings: Settings) -> Iterator[Fact]:
    """What makes lanes in this engine weaker than they could be."""
    if info["CgroupVersion"] == "1":
        fix = "limits hold all the same; newer kernels start with version 2 by systemd.unified_cgroup_hierarchy=1"
        yield Fact("engine's control groups", False, "version 1", fix, needed=False)
    options = " ".join(info["SecurityOptions"])
    if "name=apparmor" in options and not settings.apparmor:
        says = "AppArmor lets no container mount: runs are kept apart by user ids, not by namespaces"
        fix = "FORWARDPASS_LANE_APPARMOR=unconfined gives them namespaces; seccomp and capabilities stay as they are"
        yield Fact("engine's AppArmor", False, says, fix, needed=False)
    if "name=seccomp" not in options:
        yield Fact("engine's seccomp", False, "the engine filters no system calls", "use one built with seccomp")


def _runtime(info: Mapping[str, Any], settings: Settings, needed: bool) -> Fact:
    name = settings.runtime or info["DefaultRuntime"]
    fix = f"register it: dockerd --add-runtime {name}=/usr/bin/{name}"
    return Fact("lane runtime", name in info["Runtimes"], name, fix, needed)


def _image(engine: Engine, settings: Settings, needed: bool) -> Fact:
    try:
        with engine.asked("find the image of") as api:
            found = api.inspect_image(settings.image)  # type: ignore[no-untyped-call]  # the SDK's
    except SandboxError:
        return Fact("lane image", False, f"the engine has no {settings.image}", BUILD, needed)
    return Fact("lane image", True, f"{settings.image}, {found['Id'][:19]}, {found['Size'] >> 20} MB")
