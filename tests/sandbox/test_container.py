"""Tests of what is particular to lanes in containers: their settings, their seccomp profile, and their fallback."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, Final

import pytest
import torch

from sandbox.container import LABEL, Container, ContainerLane, Settings
from sandbox.errors import EngineAway, IsolationRefused, LaneLost, SandboxError, SandboxUnavailable
from sandbox.home import Home
from sandbox.lane import Preparation
from sandbox.limits import Died, Limits, Raised, Returned, TimedOut
from sandbox.pool import Pool
from sandbox.profile import profile
from sandbox.selftest import trials
from sandbox.transport import ByAttaching
from tests.engines import without_engine

LIMITS: Final = Limits(wall_s=20.0, memory_mb=192, scratch_mb=8, inodes=64, threads=16, open_files=64, answer_mb=16)
PYTHON: Final = "/usr/bin/python3.11"

#: A system call of each family that has no place in a lane; each prints its error number, 0 for success.
FAMILIES: Final = {
    "ptrace": "syscall(101, 0, 0, 0, 0)",
    "reading another process": "syscall(310, 1, 0, 0, 0, 0, 0)",
    "a vsock socket": "syscall(41, 40, 1, 0)",
    "an internet socket": "syscall(41, 2, 1, 0)",
    "a netlink socket": "syscall(41, 16, 3, 0)",
    "a crypto socket": "syscall(41, 38, 5, 0)",
    "io_uring": "syscall(425, 8, create_string_buffer(256))",
    "keyrings": "syscall(250, 0, -3, 1)",
    "bpf": "syscall(321, 0, create_string_buffer(128), 128)",
    "perf events": "syscall(298, create_string_buffer(b'\\0' * 128), 0, -1, -1, 0)",
    "userfaultfd": "syscall(323, 1)",
    "memfd_secret": "syscall(447, 0)",
    "file handles": "syscall(303, -100, b'/', create_string_buffer(256), create_string_buffer(8), 0)",
    "System V shared memory": "syscall(29, 0, 4096, 0o1600)",
    "POSIX queues": "syscall(240, b'q', 0o102, 0o600, 0)",
    "the new mount calls": "syscall(430, b'tmpfs', 0)",
    "modules": "syscall(175, b'', 0, b'')",
    "kexec": "syscall(246, 0, 0, 0, 0)",
    "setting clocks": "syscall(227, 0, create_string_buffer(16))",
    "personality": "syscall(135, 0x0040000)",
    "vmsplice": "syscall(278, 1, 0, 0, 0)",
    "duplicating another process's descriptor": "syscall(438, 0, 0, 0)",
}
PROBE: Final = """
import ctypes, json
from ctypes import create_string_buffer
libc = ctypes.CDLL(None, use_errno=True)
def syscall(*args):
    ctypes.set_errno(0)
    result = libc.syscall(*args)
    return 0 if result >= 0 else ctypes.get_errno()
print(json.dumps({%s}))
"""


@pytest.fixture(scope="module")
def backend() -> Container:
    """The container backend; skips where no engine answers or no lane image is there."""
    made = Container(LIMITS, Preparation())
    try:
        made.start().stop()
    except (EngineAway, SandboxUnavailable) as error:
        without_engine(error)
    return made


def with_settings(backend: Container, **changes: Any) -> Container:
    """The same backend with other settings."""
    return Container(LIMITS, Preparation(), replace(backend.settings, **changes))


@pytest.fixture
def started(backend: Container) -> Iterator[ContainerLane]:
    """One lane."""
    lane = backend.start()
    yield lane
    lane.stop()


def test_how_a_lane_is_contained(backend: Container, started: ContainerLane) -> None:
    """The engine confirms each bound a lane's container was asked for."""
    with backend.engine.asked("look at") as api:
        found = api.inspect_container(started.container)
    host = found["HostConfig"]
    assert host["NetworkMode"] == "none"
    assert host["ReadonlyRootfs"] is True
    assert host["CapDrop"] == ["ALL"]
    assert not host["CapAdd"]
    assert not host["Privileged"]
    assert "no-new-privileges" in host["SecurityOpt"]
    assert any(option.startswith("seccomp={") for option in host["SecurityOpt"])
    assert host["Memory"] == host["MemorySwap"] > 0
    assert 0 < host["PidsLimit"] < 100
    assert host["CpusetCpus"]
    assert host["CpuShares"] < 1024
    assert host["IpcMode"] == "private"
    assert host["AutoRemove"] is True
    assert "size=8m" in host["Tmpfs"]["/tmp"]
    assert "nr_inodes=64" in host["Tmpfs"]["/tmp"]
    assert "ro" in host["Tmpfs"]["/dev/shm"].split(",")
    assert host["LogConfig"]["Config"]["max-size"] == "1m"
    assert found["Config"]["User"].partition(":")[0] not in ("", "0", "root")
    assert found["Image"] == started.lane.backend["image"]
    assert found["Image"].startswith("sha256:")
    assert [mount["RW"] for mount in found["Mounts"] if mount["Type"] == "bind"] == [False]


def test_two_lanes_have_users_of_their_own(backend: Container, started: ContainerLane) -> None:
    """Limits that the kernel counts by user are not shared by lanes."""
    other = backend.start()
    try:
        with backend.engine.asked("look at") as api:
            users = {api.inspect_container(lane.container)["Config"]["User"] for lane in (started, other)}
        assert len(users) == 2
    finally:
        other.stop()


def refused_families(backend: Container, seccomp: str) -> set[str]:
    """Which families fail with EPERM or ENOSYS in a container under this profile, "" being the engine's own."""
    host = backend._host_config("namespaces")
    host |= {"SecurityOpt": ["no-new-privileges", *([f"seccomp={seccomp}"] if seccomp else [])]}
    probe = PROBE % ", ".join(f"{name!r}: {call}" for name, call in FAMILIES.items())
    config = {
        "Image": backend.settings.image,
        "Entrypoint": [PYTHON, "-c", probe],
        "User": "65534",
        "HostConfig": host | {"AutoRemove": False},
        "Labels": {LABEL: backend.home.name},
    }
    with backend.engine.asked("probe") as api:
        made = api.create_container_from_config(config)  # type: ignore[no-untyped-call]  # the SDK's
        try:
            api.start(made["Id"])
            assert api.wait(made["Id"])["StatusCode"] == 0, api.logs(made["Id"])
            errors: dict[str, int] = json.loads(api.logs(made["Id"], stderr=False))
        finally:
            api.remove_container(made["Id"], force=True)
    return {name for name, error in errors.items() if error in (1, 38)}


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the numbers of system calls are those of x86-64")
def test_every_family_is_refused_to_the_zygote_too(backend: Container) -> None:
    """What a lane has no use for is refused in the whole container, not in runs alone."""
    assert refused_families(backend, profile()) == set(FAMILIES)


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the numbers of system calls are those of x86-64")
def test_the_engines_own_profile_would_let_some_through(backend: Container) -> None:
    """Our profile matters: under the engine's own, ptrace and memory of other processes are open."""
    assert set(FAMILIES) - refused_families(backend, "") >= {"ptrace", "an internet socket"}


def test_the_engines_own_profile_allows_no_namespaces(backend: Container) -> None:
    """Under the engine's own profile a lane says that its runs cannot be kept apart, and does not come up."""
    with pytest.raises(IsolationRefused, match="unshare"):
        with_settings(backend, seccomp="", isolation="namespaces").start()


def test_where_namespaces_are_refused_runs_get_users_of_their_own(backend: Container) -> None:
    """Without being told, the backend finds the way that works; each run has another user, and leaves nothing."""
    other = with_settings(backend, seccomp="", isolation="")
    started = other.start()
    source = (
        "import os, glob\n"
        "def f():\n"
        "    os.makedirs('/tmp/a/b'); open('/tmp/a/b/c', 'w').close(); os.chmod('/tmp/a/b', 0); os.chmod('/tmp/a', 0)\n"
        "    return os.getuid(), os.listdir('/tmp')\n"
        "def g(): return open('/proc/1/environ').read()\n"
        "def h(): return open('/proc/self/clear_refs', 'w').write('5')\n"
    )
    try:
        assert started.lane.backend["isolation"] == "users"
        users = set()
        for _ in range(3):
            run = started.lane.run()
            assert run.load("m", source) == Returned(None)
            assert isinstance(run.call("m", "g"), Raised)
            assert isinstance(run.call("m", "h"), Raised)
            outcome = run.call("m", "f")
            assert isinstance(outcome, Returned)
            user, files = outcome.value
            assert files == ["a"]
            users.add(user)
            run.close()
        assert len(users) == 3
        assert 0 not in users
    finally:
        started.stop()


def test_outcomes_without_namespaces(backend: Container) -> None:
    """A run that hangs or dies is told apart, and killed, by user id as well."""
    started = with_settings(backend, isolation="users").start()
    try:
        started.lane.limit(wall_s=0.5, memory_mb=64)
        assert started.lane.run().load("m", "while True: pass") == TimedOut(0.5)
        assert started.lane.run().load("m", "import os; os._exit(5)") == Died(5)
        assert started.lane.run().load("m", "x = 1") == Returned(None)
    finally:
        started.stop()


def test_a_lane_reached_by_attaching(backend: Container) -> None:
    """Over the engine's attach stream a lane keeps in what another keeps in, moves large values, and ends likewise."""
    started = with_settings(backend, transport="attach").start()
    try:
        assert [trial for trial in trials(started.lane) if not trial.held] == []
        big = torch.arange(1 << 20, dtype=torch.float32)
        run = started.lane.run()
        outcome = run.null(big)
        assert isinstance(outcome, Returned)
        assert torch.equal(outcome.value, big)
        run.close()
        started.lane.settle()
        with backend.engine.asked("kill") as api:
            api.kill(started.container)
        with pytest.raises(LaneLost):
            started.lane.run()
        assert not started.alive
    finally:
        started.stop()


def test_containers_used_once(backend: Container) -> None:
    """On request every user of a pool gets a container of its own."""
    with Pool(with_settings(backend, single_use=True), 1) as pool:
        seen = set()
        for _ in range(3):
            with pool.lane() as lane:
                run = lane.run()
                assert run.load("m", "x = 1") == Returned(None)
                seen.add(id(lane))
        assert len(seen) == 3


def test_containers_of_a_dead_worker_are_removed(backend: Container, tmp_path: Path) -> None:
    """What a worker created and never started is removed when another worker begins; a living worker's is not."""
    made = {}
    with backend.engine.asked("create") as api:
        for name, home in (("dead", "0123456789ab"), ("alive", backend.home.name)):
            config = {"Image": backend.settings.image, "Labels": {LABEL: home}}
            made[name] = api.create_container_from_config(config)["Id"]  # type: ignore[no-untyped-call]  # the SDK's
        try:
            with_settings(backend).sweep()
            left = {container["Id"] for container in api.containers(all=True)}
            assert made["dead"] not in left
            assert made["alive"] in left
        finally:
            api.remove_container(made["alive"])


def test_a_missing_image_says_what_to_do(backend: Container) -> None:
    """An image the engine does not have is worth another try later, and named."""
    with pytest.raises(EngineAway, match=r"no-such-image.*Build or pull it"):
        with_settings(backend, image="no-such-image").start()


def test_an_image_with_another_sandbox_is_refused(backend: Container, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lane image built from other sources of the sandbox is not used."""
    monkeypatch.setattr("sandbox.version.digest", lambda: "another")
    with pytest.raises(SandboxUnavailable, match="another version"):
        backend.start()


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("unix:///nowhere/engine.sock", "no container engine answers"),
        ("tcp://127.0.0.1:9", "no container engine answers"),
    ],
)
def test_no_engine(monkeypatch: pytest.MonkeyPatch, address: str, says: str) -> None:
    """Without an engine the sentence says so, and what to do."""
    pytest.importorskip("docker")
    monkeypatch.setenv("DOCKER_HOST", address)
    with pytest.raises(EngineAway, match=says):
        Container(LIMITS, Preparation()).start()


def test_a_lane_with_a_gpu_has_that_one_alone(backend: Container) -> None:
    """The engine is asked for one device by name, and Triton is told to compile."""
    config = with_settings(backend, gpu="GPU-0123")._config(ByAttaching(), "namespaces")
    (request,) = config["HostConfig"]["DeviceRequests"]
    assert request["DeviceIDs"] == ["GPU-0123"]
    assert "TRITON_INTERPRET=0" in config["Env"]
    assert "DeviceRequests" not in backend._config(ByAttaching(), "namespaces")["HostConfig"]


def test_settings_from_the_environment() -> None:
    """FORWARDPASS_LANE_* name image, runtime, sockets and volume; the profile is always ours."""
    environment = {"FORWARDPASS_LANE_IMAGE": "registry/lane@sha256:0", "FORWARDPASS_LANE_RUNTIME": "runsc"}
    settings = Settings.from_environment(environment)
    assert (settings.image, settings.runtime, settings.volume) == ("registry/lane@sha256:0", "runsc", "")
    assert json.loads(settings.seccomp)["defaultAction"] == "SCMP_ACT_ERRNO"


def test_a_home_is_known_to_be_alive_by_its_lock(tmp_path: Path) -> None:
    """A worker that lives holds its lock; one that is gone does not, and what it left is deleted."""
    one, other = Home(str(tmp_path / "h")), Home(str(tmp_path / "h"))
    folder = one.folder()
    assert not other.is_dead(one.name)
    other.sweep()
    assert folder.exists()
    one._lock.close()
    assert other.is_dead(one.name)
    other.sweep()
    assert not folder.exists()
    other.close()
    assert not (tmp_path / "h").exists()


def test_a_lock_cleared_away_before_it_was_held_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that comes up while another one sweeps or leaves ends with a lock that others see."""
    flock = fcntl.flock
    swept: list[IO[str]] = []

    def slow(lock: IO[str], operation: int) -> None:
        if not swept:
            swept.append(lock)
            shutil.rmtree(tmp_path / "h")
        flock(lock, operation)

    monkeypatch.setattr(fcntl, "flock", slow)
    home = Home(str(tmp_path / "h"))
    assert not Home(str(tmp_path / "h")).is_dead(home.name)


def test_a_link_is_no_folder_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where everybody may write, a link under our name is not followed, whoever owns what it leads to."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / f"forwardpass-{os.geteuid()}").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SandboxError, match="belongs to another user"):
        Home()


def test_a_folder_of_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sockets are not put where somebody else could put others in their place."""
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    with pytest.raises(SandboxError, match="belongs to another user"):
        Home(str(tmp_path))
