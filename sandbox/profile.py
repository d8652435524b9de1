"""The seccomp profile of a lane's container, in the form container engines read.

It bounds the zygote and the engine's own start of it; a run is bounded further by `seccomp.py`. Beside what runs may
call it has what the zygote needs: to make processes and namespaces, mount, change user, limit itself, and connect to
one Unix socket. Everything else fails with EPERM, so none of these is there, for anyone in the container: ptrace and
process_vm_*, sockets that are not Unix's (AF_VSOCK, AF_ALG, netlink, the internet's), io_uring, keyrings, bpf,
perf events, userfaultfd, memfd_secret, System V and POSIX IPC, handles to files, the new mount calls, modules, kexec,
clocks, and 32-bit calls. Docker's own profile allows many of these and forbids the namespaces we need.

Source of the format: the OCI runtime specification, "Seccomp", and Docker's documentation of `--security-opt seccomp`.
"""

from __future__ import annotations

import json
from typing import Any, Final

from sandbox import seccomp

#: What the engine calls after the filter is in place, and what the zygote needs beyond what runs do.
ZYGOTE: Final = (
    "capget", "capset", "clone", "connect", "execve", "execveat", "fork", "get_mempolicy", "getxattr",
    "lgetxattr", "mount", "openat2", "pivot_root", "pidfd_open", "pidfd_send_signal", "sched_setaffinity", "seccomp",
    "setfsgid", "setfsuid", "setgid", "setgroups", "setns", "setpriority", "setregid", "setresgid", "setresuid",
    "setreuid", "setrlimit", "setuid", "umount2", "unshare", "vfork",
)  # fmt: skip
_ALLOW: Final = "SCMP_ACT_ALLOW"
_AF_UNIX: Final = 1
_ENOSYS: Final = 38
_ARCHITECTURES: Final = ("SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64")


def profile() -> str:
    """The profile as JSON."""
    names = sorted({entry.split()[0] for entry in seccomp.ALLOWED.split(";")} | set(ZYGOTE))
    unix = {"index": 0, "value": _AF_UNIX, "op": "SCMP_CMP_EQ"}
    rules: list[dict[str, Any]] = [
        {"names": names, "action": _ALLOW},
        {"names": ["socket"], "action": _ALLOW, "args": [unix]},
        {"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": _ENOSYS},  # libraries then fall back to clone
    ]
    content = {
        "defaultAction": "SCMP_ACT_ERRNO",
        "defaultErrnoRet": 1,
        "architectures": list(_ARCHITECTURES),
        "syscalls": rules,
    }
    return json.dumps(content)
