"""Puts a fork of the zygote apart from everything else before candidate code gets into it, and clears up after it.

There are two ways. `Namespaces` gives each run PID, mount and IPC namespaces of its own; it needs CAP_SYS_ADMIN in a
user namespace of the lane's, which bubblewrap gives and which a container's zygote makes. `Users` is for container
engines that allow no namespaces inside (Docker with AppArmor's or its own default profiles, some gVisor): each run gets
an unprivileged user id that no run had before, and after it a janitor under the same id kills what is left and deletes
its files. Either way a run ends up without capabilities, under limits, and with the system calls of `seccomp.py` only.
"""

from __future__ import annotations

import contextlib
import glob
import itertools
import os
import resource
import shutil
import signal
from pathlib import Path
from typing import Final, Protocol

from sandbox import kernel

MOST_STACK: Final = 64 << 20
#: No limit on memory, but on the page tables that reading untouched memory takes and that no other limit counts. CUDA
#: reserves far more than this, so a run with a GPU goes without.
MOST_ADDRESSES: Final = 128 << 30
#: Where a run can write when it shares its lane's file system.
WRITABLE: Final = ("/tmp", "/dev/shm")
#: Linux lets every limit be lowered; gVisor has these for show, and its containers bound them from outside.
UNKNOWN_TO_GVISOR: Final = (
    resource.RLIMIT_CORE,
    resource.RLIMIT_NPROC,
    resource.RLIMIT_MEMLOCK,
    resource.RLIMIT_MSGQUEUE,
)
DEVICES: Final = ("null", "random", "urandom")


class Isolation(Protocol):
    """How runs are kept apart."""

    def fork(self) -> int:
        """Fork a run: 0 in the child."""

    def enter(self, limits: dict[str, int], processes: bool) -> None:
        """In the child: get away from everything else; with `processes`, it may start some and use a GPU."""

    def clear(self, run: int) -> None:
        """In the zygote, when the run has been reaped: leave nothing of it.

        Raises:
            OSError: something is left.
        """


class Namespaces:
    """Every run is process 1 of a PID namespace of its own, with its own /proc and /tmp; its death takes all along."""

    def __init__(self) -> None:
        self._own_pids = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)

    def fork(self) -> int:
        """Fork into new PID namespace."""
        kernel.setns(self._own_pids, kernel.CLONE_NEWPID)
        kernel.unshare(kernel.CLONE_NEWPID)
        return os.fork()

    def enter(self, limits: dict[str, int], processes: bool) -> None:
        """Mount what a run sees of its own."""
        kernel.unshare(kernel.CLONE_NEWNS | kernel.CLONE_NEWIPC)
        _die_first()
        mount_proc(whole=processes)
        options = f"size={limits['scratch_mb']}m,nr_inodes={limits['inodes']},mode=1777"
        kernel.mount("tmpfs", "/tmp", "tmpfs", kernel.LOCKED_DOWN, options)

    def clear(self, run: int) -> None:
        """Nothing is left of a namespace whose process 1 was reaped."""


class Users:
    """Every run has a user id of its own; `first` is the lane's first, and no lane beside it may use the same."""

    def __init__(self, first: int) -> None:
        self._ids = itertools.count(first)
        self._id_of: dict[int, int] = {}
        self._id = first

    def fork(self) -> int:
        """Fork; the child takes a user id that was never used."""
        self._id = next(self._ids)
        run = os.fork()
        self._id_of[run] = self._id
        return run

    def enter(self, limits: dict[str, int], processes: bool) -> None:
        """Become that user."""
        _die_first()
        _become(self._id)

    def clear(self, run: int) -> None:
        """Kill what that user still runs, and delete what it wrote."""
        janitor = os.fork()
        if janitor == 0:
            with contextlib.suppress(BaseException):
                _become(self._id_of[run])
                _clean_up()
            os._exit(0)
        os.waitpid(janitor, 0)
        del self._id_of[run]
        for entry in _writable():
            if entry.stat(follow_symlinks=False).st_uid != os.geteuid():
                raise OSError(f"a run left {entry.path} behind")


def _writable() -> list[os.DirEntry[str]]:
    """What lies where a run may write."""
    return [entry for folder in WRITABLE if os.path.isdir(folder) for entry in os.scandir(folder)]


def _become(user: int) -> None:
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)


def _clean_up() -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(-1, signal.SIGKILL)  # to all this user's processes, this one apart
    for entry in _writable():
        if entry.stat(follow_symlinks=False).st_uid == os.geteuid():
            _delete(entry)


def _delete(entry: os.DirEntry[str]) -> None:
    if not entry.is_dir(follow_symlinks=False):
        os.unlink(entry.path)
        return
    os.chmod(entry.path, 0o700)
    for parent, folders, _ in os.walk(entry.path):
        for name in folders:
            if not os.path.islink(inner := os.path.join(parent, name)):
                os.chmod(inner, 0o700)
    shutil.rmtree(entry.path)


def confine(
    isolation: Isolation, channel_fd: int, limits: dict[str, int], filter_program: bytes, processes: bool
) -> None:
    """Everything between the fork and the first byte of candidate code."""
    os.setpgid(0, 0)  # signals to a process group cross PID namespaces: without this, to the spare run too
    isolation.enter(limits, processes)
    _keep_descriptors(channel_fd)
    _lower_limits(limits, resource.RLIM_INFINITY if processes else MOST_ADDRESSES)
    kernel.drop_capabilities()
    kernel.no_new_privileges()
    kernel.install_seccomp(filter_program)


def _die_first() -> None:
    """Have the kernel kill this process before others when memory runs out."""
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:  # where /proc is read-only
        score.write("1000")


def mount_proc(*, whole: bool) -> None:
    """A /proc of its own, read-only: writing there could reset the memory peak we read, or the OOM score.

    CUDA asks there what machine it is on, so where it runs the mount is `whole`; elsewhere processes are all it shows.
    """
    flags = kernel.LOCKED_DOWN | kernel.MS_RDONLY
    try:
        kernel.mount("proc", "/proc", "proc", flags, "" if whole else "subset=pid")
    except OSError:  # before Linux 5.8 the option is unknown
        kernel.mount("proc", "/proc", "proc", flags)


def own_namespaces() -> None:
    """Make the user, PID and mount namespaces that a container's zygote starts from.

    Raises:
        OSError: the engine or the kernel does not allow it.
    """
    user, group = os.geteuid(), os.getegid()
    kernel.unshare(kernel.CLONE_NEWUSER)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    kernel.unshare(kernel.CLONE_NEWPID | kernel.CLONE_NEWNS)


def narrow_root(kept: tuple[str, ...]) -> None:
    """Change to a root that has nothing but these folders of the old one, /proc, a few devices and a small /tmp."""
    kernel.mount("tmpfs", "/tmp", "tmpfs", kernel.MS_NOSUID, "size=64k,mode=755")
    for path in kept:
        _carry_over(path, f"/tmp{path}")
    for device in (*(f"/dev/{name}" for name in DEVICES), *glob.glob("/dev/nvidia*")):
        _carry_over(device, f"/tmp{device}")
    os.mkdir("/tmp/dev/shm", 0o555)
    os.symlink("/proc/self/fd", "/tmp/dev/fd")
    for folder in ("/tmp/proc", "/tmp/tmp"):
        os.mkdir(folder)
    kernel.mount("proc", "/tmp/proc", "proc", kernel.LOCKED_DOWN)
    kernel.mount("tmpfs", "/tmp/tmp", "tmpfs", kernel.LOCKED_DOWN, "size=1m,mode=1777")
    kernel.pivot_root("/tmp")
    flags = kernel.MS_REMOUNT | kernel.MS_BIND | kernel.MS_RDONLY | kernel.MS_NOSUID
    kernel.mount("none", "/", "", flags)


def _carry_over(path: str, target: str) -> None:
    """Have `path` at `target` too: a link as a link, a folder or a device by a bind mount."""
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if os.path.islink(path):
        os.symlink(os.readlink(path), target)
        return
    if os.path.isdir(path):
        os.mkdir(target)
    elif os.path.exists(path):
        Path(target).touch()
    else:
        return
    kernel.mount(path, target, "", kernel.MS_BIND | kernel.MS_REC)


def _keep_descriptors(channel_fd: int) -> None:
    """Close all but the channel and point 0, 1 and 2 at /dev/null."""
    os.closerange(3, channel_fd)
    os.closerange(channel_fd + 1, 4096)
    null = os.open("/dev/null", os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    os.close(null)


def _lower_limits(limits: dict[str, int], addresses: int) -> None:
    scratch, files = limits["scratch_mb"] << 20, limits["open_files"]
    data = kernel.private_bytes() + (limits["memory_mb"] << 20)
    for kind, value in (
        (resource.RLIMIT_CORE, 1),  # 0 would still start a program that core_pattern names
        (resource.RLIMIT_AS, addresses),
        (resource.RLIMIT_FSIZE, scratch),
        (resource.RLIMIT_NOFILE, files),
        (resource.RLIMIT_NPROC, limits["threads"]),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
        (resource.RLIMIT_DATA, data),
    ):
        hard = resource.getrlimit(kind)[1]
        bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
        try:
            resource.setrlimit(kind, (bound, bound))
        except ValueError:
            if kind not in UNKNOWN_TO_GVISOR:
                raise
    stack = resource.getrlimit(resource.RLIMIT_STACK)[0]  # RLIMIT_DATA does not count stacks
    stack = MOST_STACK if stack == resource.RLIM_INFINITY else min(stack, MOST_STACK)
    resource.setrlimit(resource.RLIMIT_STACK, (stack, stack))
