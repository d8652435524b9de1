"""What grading needs of a machine, looked at one fact after the other, each with what to do where it is missing."""

from __future__ import annotations

import contextlib
import os
import platform
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Final

from grader.backend import default_backend, obstacle
from grader.bank import Bank, default_root
from grader.desk import Desk
from grader.engines import engine_facts
from grader.fact import Fact
from grader.grade import lanes_here
from grader.textfile import TaskError
from grader.verdict import TRITON
from sandbox import bubblewrap, gpu, gpu_lease, seccomp
from sandbox.errors import GpuUnavailable, SandboxError, SandboxUnavailable
from sandbox.gpu import Gpu
from sandbox.pool import StartedLane
from sandbox.selftest import Trial, trials

PYTHON: Final = (3, 11)
PACKAGES: Final = ("torch", "numpy", "pytest")
PROC_SYS = Path("/proc/sys")
INSTALL: Final = "pip install 'forwardpass[grade]'"
INSTALL_TRITON: Final = "pip install 'forwardpass[triton]'"
NO_GPU: Final = 'no GPU: parts with device = "cuda" are judged on the CPU, their budgets not measured'
#: Switches that keep ordinary users from making namespaces: file, the value that does, and how to change it.
SWITCHES: Final = (
    ("kernel.unprivileged_userns_clone", "0", "sysctl kernel.unprivileged_userns_clone=1"),
    ("user.max_user_namespaces", "0", "sysctl user.max_user_namespaces=15000"),
    (
        "kernel.apparmor_restrict_unprivileged_userns",
        "1",
        "install AppArmor's profile bwrap-userns-restrict (Ubuntu: package apparmor-profiles) for /usr/bin/bwrap",
    ),
)


def facts() -> Iterator[Fact]:
    """Everything worth knowing, in the order in which to mend it; the last ones really start a sandbox."""
    yield _system()
    yield _python()
    yield from map(_package, PACKAGES)
    yield _user()
    yield _cores()
    yield _bubblewrap()
    yield from _switches()
    yield from engine_facts()
    yield from _gpus()
    yield from _sandbox()
    yield _examiner()
    yield _bank()


def _system() -> Fact:
    machine = platform.machine()
    fix = f"grade on Linux on {' or '.join(seccomp.MACHINES)}"
    known = platform.system() == "Linux" and machine in seccomp.MACHINES
    return Fact("system", known, f"{platform.system()} {platform.release()} on {machine}", fix)


def _python() -> Fact:
    wanted = ".".join(map(str, PYTHON))
    says = f"{platform.python_version()} at {sys.executable}"
    return Fact("python", sys.version_info >= PYTHON, says, f"use Python {wanted} or newer")


def _package(name: str) -> Fact:
    """A package grading imports; another version than ours grades too, but reports of two versions may differ."""
    wanted = _pins().get(name, "")
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        return Fact(name, False, "not installed", INSTALL)
    exact = wanted.removeprefix("==") if wanted.startswith("==") else ""
    same = not exact or version.split("+")[0] == exact
    return Fact(name, same, version if same else f"{version}, tested with {exact}", INSTALL, needed=False)


def _pins() -> dict[str, str]:
    """What versions this distribution asks for, by package."""
    lines: list[str] = []
    with contextlib.suppress(metadata.PackageNotFoundError):
        lines = metadata.requires("forwardpass") or []
    with contextlib.suppress(FileNotFoundError):
        project = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text(encoding="utf-8"))[
            "project"
        ]
        lines = lines or project["optional-dependencies"]["grade"]
    found = (re.match(r"([\w.-]+?)\s*([=<>!~][^;]*)", line) for line in lines)
    return {match[1]: match[2].strip() for match in found if match}


def _user() -> Fact:
    uid = os.geteuid()
    return Fact(
        "user", True, "root: each sandbox runs under an unprivileged user of its own" if uid == 0 else f"user {uid}"
    )


def _cores() -> Fact:
    return Fact("cores", True, f"{lanes_here()} usable: as many submissions are graded at once")


def _bubblewrap() -> Fact:
    try:
        return Fact("bubblewrap", True, f"{bubblewrap.version()} at {bubblewrap.find()}")
    except SandboxUnavailable as error:
        return Fact("bubblewrap", False, "not found", str(error).partition(": ")[2])


def _switches() -> Iterator[Fact]:
    """Settings that can keep an ordinary user from making namespaces; root is not held by them."""
    for name, value, fix in SWITCHES:
        path = PROC_SYS / name.replace(".", "/")
        with contextlib.suppress(OSError):
            if path.read_text().strip() == value and os.geteuid() != 0:
                yield Fact("user namespaces", False, f"{name} is {value}", fix, needed=False)


def _gpus() -> Iterator[Fact]:
    """Each GPU with what the driver says of it, and whether parts that ask for one are judged on it."""
    try:
        devices = gpu.discover()
        out = gpu_lease.quarantined(gpu_lease.state_folder()) if devices else {}
    except GpuUnavailable as error:
        yield Fact("gpu", False, str(error), "mend the driver, or restart the machine", needed=False)
        return
    for device in devices:
        yield _gpu(device, out.get(device.uuid, ""))
    if not devices:
        yield Fact("gpu", True, NO_GPU)


def _gpu(device: Gpu, quarantine: str) -> Fact:
    says = f"{device.name}, {device.memory_mb} MB, driver {device.driver}"
    if problem := obstacle(device):
        return Fact(f"gpu {device.index}", False, f"{says}, not used: {problem}", NO_GPU, needed=False)
    if quarantine:
        fix = "see what the system's log says of it; it is tried again by itself"
        return Fact(f"gpu {device.index}", False, f"{says}, quarantined: {quarantine}", fix, needed=False)
    return Fact(f"gpu {device.index}", True, f'{says}, in use for parts with device = "cuda"')


def _triton(version: str) -> Fact:
    """Whether code in a sandbox can import it."""
    fix = f'{INSTALL_TRITON}, or parts with device = "cuda" are not judged'
    return Fact(TRITON, bool(version), version or "not to be imported in a sandbox", fix, needed=False)


def _sandbox() -> Iterator[Fact]:
    """Start a lane, and try to break out of it."""
    try:
        started = default_backend().start()
    except (SandboxError, OSError) as error:
        yield Fact("sandbox", False, *_problem_and_fix(str(error)))
        return
    try:
        yield from _inside(started)
    finally:
        started.stop()


def _problem_and_fix(message: str) -> tuple[str, str]:
    problem, separator, fix = message.partition(". ")
    return (problem, fix) if separator else (message, "mend what is missing above")


def _inside(started: StartedLane) -> Iterator[Fact]:
    memory = started.lane.backend["memory"]
    apart = "a user id" if started.lane.backend.get("isolation") == "users" else "namespaces"
    yield Fact("sandbox", True, f"a lane of {started.lane.backend['name']} started; each run has {apart} of its own")
    limits = memory.startswith("cgroup")
    fix = "run as root, or as a service with systemd's Delegate=yes, for limits by the kernel"
    yield Fact("control groups", limits, f"memory is limited by {memory}", fix, needed=False)
    yield _triton(started.lane.backend.get(TRITON, ""))
    try:
        for trial in trials(started.lane):
            yield _from_trial(trial)
    except SandboxError as error:
        yield Fact("self-test", False, str(error), "report this: a sandbox that starts must stay up")


def _from_trial(trial: Trial) -> Fact:
    return Fact(f"self-test: {trial.name}", trial.held, trial.says, "do not grade here, and report this")


def _examiner() -> Fact:
    desk = Desk()
    try:
        desk.open()
    except (SandboxError, OSError) as error:
        return Fact("examiner", False, str(error), INSTALL)
    desk.close()
    return Fact("examiner", True, "starts")


def _bank() -> Fact:
    try:
        root = default_root()
        return Fact("tasks", True, f"{len(Bank(root).folders())} in {root}")
    except TaskError as error:
        return Fact("tasks", False, str(error), "name the bank's folder in FORWARDPASS_TASKS")
