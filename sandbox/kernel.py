"""The few Linux calls Python's standard library lacks, by way of ctypes; each raises OSError with what was tried."""

from __future__ import annotations

import ctypes
import mmap
import os
import time
from pathlib import Path
from typing import Final

CLONE_NEWNS: Final = 0x00020000
CLONE_NEWIPC: Final = 0x08000000
CLONE_NEWUSER: Final = 0x10000000
CLONE_NEWPID: Final = 0x20000000

MS_RDONLY: Final = 0x1
MS_NOSUID: Final = 0x2
MS_NODEV: Final = 0x4
MS_NOEXEC: Final = 0x8
MS_REMOUNT: Final = 0x20
MS_BIND: Final = 0x1000
MS_REC: Final = 0x4000
MS_PRIVATE: Final = 0x40000
LOCKED_DOWN: Final = MS_NOSUID | MS_NODEV | MS_NOEXEC

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_SECCOMP: Final = 22
_PR_CAPBSET_DROP: Final = 24
_PR_SET_NO_NEW_PRIVS: Final = 38
_PR_CAP_AMBIENT: Final = 47
_PR_CAP_AMBIENT_CLEAR_ALL: Final = 4
_SECCOMP_MODE_FILTER: Final = 2
_CAPABILITY_VERSION_3: Final = 0x20080522
_LAST_CAPABILITY: Final = 63

_MNT_DETACH: Final = 2
_MADV_COLLAPSE: Final = 25
_HUGE_PAGE: Final = 2 << 20
#: How often, and how long apart, what the kernel lets few do at a time is tried.
_PATIENCE: Final = 20
_A_MOMENT_S: Final = 0.1
#: The number of a system call the C library has no function for.
_PIVOT_ROOT: Final = {"x86_64": 155, "aarch64": 41}

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> None:
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")


def unshare(flags: int) -> None:
    """Move this process, or with CLONE_NEWPID its future children, into new namespaces."""
    _check(_libc.unshare(flags), f"unshare({flags:#x})")


def setns(descriptor: int, kind: int) -> None:
    """Join the namespace behind an open descriptor."""
    _check(_libc.setns(descriptor, kind), f"setns({kind:#x})")


def mount(source: str, target: str, kind: str, flags: int, data: str = "") -> None:
    """Mount a file system, or with MS_BIND a folder; see the manual page of mount."""
    result = _libc.mount(source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags), data.encode())
    _check(result, f"mount {kind or source} on {target}")


def pivot_root(new: str) -> None:
    """Make the mount point `new` the root of this mount namespace and let the old one go."""
    os.chdir(new)
    _check(_libc.syscall(ctypes.c_long(_PIVOT_ROOT[os.uname().machine]), b".", b"."), f"pivot_root({new})")
    _check(_libc.umount2(b".", _MNT_DETACH), "umount2")
    os.chdir("/")


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent thread ends."""
    _check(_libc.prctl(_PR_SET_PDEATHSIG, 9, 0, 0, 0), "prctl(PR_SET_PDEATHSIG)")


def no_new_privileges() -> None:
    """Make every later execve unable to gain privileges."""
    _check(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl(PR_SET_NO_NEW_PRIVS)")


def drop_capabilities() -> None:
    """Give up every capability, for good: bounding, ambient, permitted, effective and inheritable."""
    _libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    for capability in range(_LAST_CAPABILITY + 1):
        _libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)  # EINVAL past the last one, EPERM without CAP_SETPCAP
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    _check(_libc.capset(header, (ctypes.c_uint32 * 6)()), "capset")


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def install_seccomp(program: bytes) -> None:
    """Filter this thread's system calls by a classic BPF program; needs `no_new_privileges` first."""
    code = ctypes.create_string_buffer(program, len(program))
    header = _Program(len(program) // 8, ctypes.cast(code, ctypes.c_void_p))
    _check(_libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(header), 0, 0), "prctl(PR_SET_SECCOMP)")


def weigh_session() -> None:
    """Have the scheduler weigh this process's session by the process's niceness, which alone counts only inside one.

    Where sessions are weighed (autogroup), each new one starts as heavy as any other, however nice who opened it. An
    ordinary user may change few of them in a moment, so it is tried for a while; nothing hangs on it but who waits.
    """
    niceness = os.getpriority(os.PRIO_PROCESS, 0)
    for _ in range(_PATIENCE if niceness > 0 else 0):
        try:
            Path("/proc/self/autogroup").write_text(str(niceness))
            break
        except BlockingIOError:
            time.sleep(_A_MOMENT_S)
        except OSError:  # no such thing here, or /proc is read-only
            break


def collapse_pages() -> None:
    """Put this process's private memory into huge pages where it fills them, so that forks copy and drop fewer entries.

    Memory that is mapped later is none of this; where the kernel cannot (before Linux 6.1, gVisor), all stays as it is.
    """
    for line in Path("/proc/self/maps").read_text().splitlines():
        addresses, access, _, _, inode, *_ = line.split()
        start, end = (int(number, 16) for number in addresses.split("-"))
        if access == "rw-p" and inode == "0" and end - start >= _HUGE_PAGE:
            _libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), _MADV_COLLAPSE)


def private_bytes() -> int:
    """Private memory this process has mapped, which RLIMIT_DATA limits, in bytes; its stack is counted in.

    The kernel makes the file that tells both together much faster than the one that tells them apart.
    """
    with open("/proc/self/statm", "rb", buffering=0) as file:
        pages = int(file.read().split()[5])
    return pages * mmap.PAGESIZE or _private_bytes_by_status()


def _private_bytes_by_status() -> int:
    """The same, the stack apart, where `statm` says nothing: under gVisor."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmData:"):
            return int(line.split()[1]) * 1024
    raise OSError("/proc/self/status has no VmData")
