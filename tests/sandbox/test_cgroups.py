"""Control groups: both versions on a model of the kernel's tree and, where groups can be made here, the real one."""

from __future__ import annotations

import errno
import os
import pathlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sandbox import cgroups
from sandbox.cgroups import Cgroup

MB = 1 << 20
ME = str(os.getpid())
V2_FILES = {"memory": ("memory.max", "memory.swap.max", "memory.events"), "pids": ("pids.max", "pids.events")}
V1_FILES = {
    "memory": ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes", "memory.oom_control"),
    "pids": ("pids.max", "pids.events"),
}


class KernelPath(pathlib.PosixPath):
    """A path whose folders behave as control groups do, for all that `sandbox.cgroups` asks of them."""

    top: Path

    def mkdir(self, mode: int = 0o777, parents: bool = False, exist_ok: bool = False) -> None:
        """A group, with the files the kernel puts there."""
        if self.exists() and exist_ok:
            return
        super().mkdir(mode)
        if self.parent.parent == self.top and self.parent.name in V1_FILES:
            files: tuple[str, ...] = V1_FILES[self.parent.name]
        else:
            self._put("cgroup.controllers", self.parent._get("cgroup.subtree_control"))
            self._put("cgroup.subtree_control", "")
            self._put("cgroup.kill", "")
            files = tuple(f for c in self._get("cgroup.controllers").split() for f in V2_FILES[c])
        for name in ("cgroup.procs", *files):
            self._put(name, "")

    def rmdir(self) -> None:
        """Goes, its files too, if nothing is in it."""
        if self._get("cgroup.procs") or any(child.is_dir() for child in self.iterdir()):
            raise OSError(errno.EBUSY, "busy")
        for file in self.iterdir():
            file.unlink()
        super().rmdir()

    def write_text(self, data: str, *_: Any, **__: Any) -> int:
        """Writes as the kernel takes it."""
        group = self.parent
        if not self.exists():
            raise PermissionError(errno.EACCES, "no files can be made here")
        if self.name == "cgroup.subtree_control":
            group._switch([word.removeprefix("+") for word in data.split()])
        elif self.name == "cgroup.procs":
            group._enter(ME if data == "0" else data)
        elif self.name == "cgroup.kill":
            group._put("cgroup.procs", "")
        else:
            group._put(self.name, data)
        return len(data)

    def _switch(self, controllers: list[str]) -> None:
        if not set(controllers) <= set(self._get("cgroup.controllers").split()):
            raise OSError(errno.ENOENT, "no such controller")
        if self._get("cgroup.procs") and self != self.top:
            raise OSError(errno.EBUSY, "a group with processes")
        self._put("cgroup.subtree_control", " ".join({*self._get("cgroup.subtree_control").split(), *controllers}))
        for child in self.iterdir():
            if child.is_dir():
                child._put("cgroup.controllers", self._get("cgroup.subtree_control"))

    def _enter(self, pid: str) -> None:
        for procs in self.top.glob("**/cgroup.procs"):
            Path(procs).write_text("\n".join(p for p in Path(procs).read_text().split() if p != pid))
        self._put("cgroup.procs", "\n".join([*self._get("cgroup.procs").split(), pid]))
        self.top.with_name("own").write_text(f"0::/{self.relative_to(self.top)}\n")

    def _get(self, name: str) -> str:
        return Path(self, name).read_text()

    def _put(self, name: str, text: str) -> None:
        Path(self, name).write_text(text)


@pytest.fixture
def v2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., KernelPath]:
    """Makes a unified tree with this process in one of its groups."""

    def make(
        own: str = "", *, delegated: str = "", others: bool = False, controllers: str = "memory pids"
    ) -> KernelPath:
        top = KernelPath(tmp_path / "cgroup")
        monkeypatch.setattr(KernelPath, "top", Path(top), raising=False)
        Path(top).mkdir()
        for name, text in (("controllers", controllers), ("subtree_control", controllers), ("procs", "")):
            top._put(f"cgroup.{name}", text)
        group = top
        for name in filter(None, own.split("/")):
            group._put("cgroup.subtree_control", group._get("cgroup.controllers"))
            group = group / name
            group.mkdir()
        group._put("cgroup.procs", f"{ME}\n4242" if others else ME)
        (tmp_path / "own").write_text(f"1:name=systemd:/x\n0::/{own}\n")
        monkeypatch.setattr(cgroups, "ROOT", top)
        monkeypatch.setattr(cgroups, "OWN", tmp_path / "own")
        may = str(top / delegated)
        monkeypatch.setattr(os, "access", lambda path, _: str(path).startswith(may))
        return top

    return make


def test_v2_as_root_of_the_tree(v2: Callable[..., KernelPath]) -> None:
    """In the root group a lane's group is made below it, with its limits."""
    top = v2()
    made = cgroups.create("7-0", 64 * MB, 20)
    assert made == Cgroup(2, (top / "forwardpass-7-0",))
    assert made.joins == (top / "forwardpass-7-0" / "cgroup.procs",)
    assert made.events == top / "forwardpass-7-0" / "memory.events"
    settings = {name: (made.folders[0] / name).read_text() for name in ("memory.max", "memory.swap.max", "pids.max")}
    assert settings == {"memory.max": str(64 * MB), "memory.swap.max": "0", "pids.max": "20"}


def test_v2_alone_in_a_delegated_group(v2: Callable[..., KernelPath]) -> None:
    """A service alone in a group it may divide moves into a leaf and makes the lane's group beside it."""
    top = v2("system.slice/forwardpass.service", delegated="system.slice/forwardpass.service")
    service = top / "system.slice" / "forwardpass.service"
    made = cgroups.create("7-0", MB, 20)
    assert made == Cgroup(2, (service / "forwardpass-7-0",))
    assert (service / cgroups.LEAF / "cgroup.procs").read_text() == ME
    assert (service / "cgroup.procs").read_text() == ""
    assert (made.folders[0] / "memory.max").read_text() == str(MB)


def test_v2_second_lane_after_the_move(v2: Callable[..., KernelPath]) -> None:
    """Having moved into its leaf, the service makes later groups beside it, not below."""
    top = v2("a.service", delegated="a.service")
    for number in range(3):
        assert cgroups.create(f"7-{number}", MB, 20) == Cgroup(2, (top / "a.service" / f"forwardpass-7-{number}",))


def test_v2_not_alone(v2: Callable[..., KernelPath]) -> None:
    """With others in its group, who are not moved, the nearest group above that limits its children is used."""
    top = v2("user.slice/app.slice/run.scope", delegated="user.slice/app.slice", others=True)
    assert cgroups.create("7-0", MB, 20) == Cgroup(2, (top / "user.slice" / "app.slice" / "forwardpass-7-0",))
    assert (top / "user.slice" / "app.slice" / "run.scope" / "cgroup.procs").read_text() == f"{ME}\n4242"


def test_v2_nothing_delegated(v2: Callable[..., KernelPath]) -> None:
    """Where no group is ours to divide there is none, and nothing is left behind."""
    top = v2("a.service", delegated="nothing", others=True)
    assert cgroups.create("7-0", MB, 20) is None
    assert list(top.glob("**/forwardpass-*")) == []


def test_v2_without_controllers(v2: Callable[..., KernelPath]) -> None:
    """Where memory cannot be limited there is no group, and nothing is left behind."""
    top = v2(controllers="pids")
    assert cgroups.create("7-0", MB, 20) is None
    assert list(top.glob("**/forwardpass-*")) == []


def test_v2_without_swap_accounting(v2: Callable[..., KernelPath], monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel that does not count swap is no obstacle."""
    v2()
    monkeypatch.setitem(V2_FILES, "memory", ("memory.max", "memory.events"))
    assert cgroups.create("7-0", MB, 20) is not None


def test_v2_group_outside_of_what_is_seen(v2: Callable[..., KernelPath], tmp_path: Path) -> None:
    """A process whose group lies outside of its cgroup namespace starts from the root it sees."""
    top = v2()
    (tmp_path / "own").write_text("0::/../../elsewhere\n")
    assert cgroups.create("7-0", MB, 20) == Cgroup(2, (top / "forwardpass-7-0",))


def test_v2_removing(v2: Callable[..., KernelPath]) -> None:
    """Removing a group ends what is in it by one write, and can be done twice."""
    v2()
    made = cgroups.create("7-0", MB, 20)
    assert made is not None
    made.folders[0]._put("cgroup.procs", "999999999")  # type: ignore[attr-defined]
    made.remove()
    made.remove()
    assert not made.folders[0].exists()


def test_sweeping(v2: Callable[..., KernelPath]) -> None:
    """Empty groups of processes that are no more are deleted; those of the living and those in use are not."""
    top = v2()
    for name in ("999999999-0", "999999999-1", f"{ME}-0"):
        assert cgroups.create(name, MB, 20) is not None
    (top / "forwardpass-999999999-1")._put("cgroup.procs", "4242")
    cgroups.sweep()
    left = {path.name for path in top.glob("forwardpass-*")}
    assert left == {"forwardpass-999999999-1", f"forwardpass-{ME}-0"}


@pytest.fixture
def v1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> KernelPath:
    """A tree with a hierarchy for each controller."""
    top = KernelPath(tmp_path / "cgroup")
    monkeypatch.setattr(KernelPath, "top", Path(top), raising=False)
    for controller in V1_FILES:
        Path(top, controller).mkdir(parents=True)
    monkeypatch.setattr(cgroups, "ROOT", top)
    return top


def test_v1(v1: KernelPath) -> None:
    """On version 1 a lane has a group in each hierarchy, with its limits, swap included."""
    made = cgroups.create("7-0", 64 * MB, 20)
    memory, pids = v1 / "memory" / "forwardpass-7-0", v1 / "pids" / "forwardpass-7-0"
    assert made == Cgroup(1, (memory, pids))
    assert made.joins == (memory / "cgroup.procs", pids / "cgroup.procs")
    assert made.events == memory / "memory.oom_control"
    assert (memory / "memory.limit_in_bytes").read_text() == str(64 * MB)
    assert (memory / "memory.memsw.limit_in_bytes").read_text() == str(64 * MB)
    assert (pids / "pids.max").read_text() == "20"
    made.remove()
    assert not memory.exists()
    assert not pids.exists()


def test_v1_with_one_controller(v1: KernelPath) -> None:
    """Where one hierarchy is missing there is no group, and the other keeps none."""
    Path(v1, "pids").rmdir()
    assert cgroups.create("7-0", MB, 20) is None
    assert list(v1.glob("memory/forwardpass-*")) == []


def test_no_cgroups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without control groups has none, and sweeping it does no harm."""
    monkeypatch.setattr(cgroups, "ROOT", tmp_path)
    assert cgroups.create("7-0", MB, 20) is None
    cgroups.sweep()


HUNGRY = """
import sys
from pathlib import Path
for join in sys.argv[1:]:
    Path(join).write_text("0")
kept = bytearray(b"x") * (200 << 20)
"""


def test_the_real_thing() -> None:
    """In a real group a process that takes too much memory is killed, which is counted; then the group goes."""
    made = cgroups.create(f"{ME}-test", 48 * MB, 20)
    if made is None:
        pytest.skip("this process may not make control groups here")
    try:
        joins = [str(path) for path in made.joins]
        done = subprocess.run([sys.executable, "-I", "-S", "-c", HUNGRY, *joins], check=False)
        assert done.returncode == -9
        assert "oom_kill 1" in made.events.read_text()
    finally:
        made.remove()
    assert not any(folder.exists() for folder in made.folders)


def test_removing_a_real_group_in_use() -> None:
    """Removing a group kills what is still in it."""
    made = cgroups.create(f"{ME}-used", 48 * MB, 20)
    if made is None:
        pytest.skip("this process may not make control groups here")
    wait = "import sys; print(flush=True); sys.stdin.read()"
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-I", "-S", "-c", wait], stdin=pipe, stdout=pipe) as child:
        for join in made.joins:
            join.write_text(str(child.pid))
        made.remove()
        assert child.wait() == -9
    assert not any(folder.exists() for folder in made.folders)
