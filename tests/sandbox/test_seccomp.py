"""The system call filter: what it forbids inside a run, and what its program says on machines that are not here."""

from __future__ import annotations

import platform
import signal
import struct
from typing import TYPE_CHECKING, Any

import pytest

from sandbox import seccomp
from sandbox.limits import Died, Returned

if TYPE_CHECKING:
    from tests.sandbox.conftest import Stage

EPERM, ENOSYS = 1, 38
ALLOW, KILL = 0x7FFF0000, 0x80000000
MACHINE = platform.machine()

#: name: (number on x86-64, number on AArch64, arguments)
FORBIDDEN: dict[str, tuple[int | None, int | None, tuple[int, ...]]] = {
    "ptrace": (101, 117, (0, 0, 0, 0)),
    "process_vm_readv": (310, 270, (1, 0, 0, 0, 0, 0)),
    "process_vm_writev": (311, 271, (1, 0, 0, 0, 0, 0)),
    "process_madvise": (440, 440, (0, 0, 0, 0, 0)),
    "pidfd_open": (434, 434, (1, 0)),
    "pidfd_getfd": (438, 438, (0, 0, 0)),
    "kcmp": (312, 272, (1, 1, 0, 0, 0)),
    "mount": (165, 40, (0, 0, 0, 0, 0)),
    "umount2": (166, 39, (0, 0)),
    "pivot_root": (155, 41, (0, 0)),
    "chroot": (161, 51, (0,)),
    "move_mount": (429, 429, (0, 0, 0, 0, 0)),
    "open_tree": (428, 428, (0, 0, 0)),
    "fsopen": (430, 430, (0, 0)),
    "mount_setattr": (442, 442, (0, 0, 0, 0, 0)),
    "unshare": (272, 97, (0x10000000,)),
    "setns": (308, 268, (0, 0)),
    "keyctl": (250, 219, (0, 0, 0, 0, 0)),
    "add_key": (248, 217, (0, 0, 0, 0, 0)),
    "request_key": (249, 218, (0, 0, 0, 0)),
    "bpf": (321, 280, (0, 0, 0)),
    "perf_event_open": (298, 241, (0, 0, 0, 0, 0)),
    "io_uring_setup": (425, 425, (1, 0)),
    "io_uring_enter": (426, 426, (0, 0, 0, 0, 0, 0)),
    "userfaultfd": (323, 282, (0,)),
    "memfd_create": (319, 279, (0, 0)),
    "memfd_secret": (447, 447, (0,)),
    "shmget": (29, 194, (0, 4096, 0o1600)),
    "shmat": (30, 196, (0, 0, 0)),
    "msgget": (68, 186, (0, 0o1600)),
    "semget": (64, 190, (0, 1, 0o1600)),
    "mq_open": (240, 180, (0, 0x42, 0o600, 0)),
    "socket AF_UNIX": (41, 198, (1, 1, 0)),
    "socket AF_INET": (41, 198, (2, 1, 0)),
    "socket AF_INET6": (41, 198, (10, 2, 0)),
    "socket AF_NETLINK": (41, 198, (16, 3, 0)),
    "socket AF_PACKET": (41, 198, (17, 3, 0)),
    "socket AF_ALG": (41, 198, (38, 5, 0)),
    "socket AF_VSOCK": (41, 198, (40, 1, 0)),
    "socketpair AF_INET": (53, 199, (2, 1, 0, 0)),
    "socketpair AF_TIPC": (53, 199, (30, 1, 0, 0)),
    "bind": (49, 200, (0, 0, 0)),
    "connect": (42, 203, (0, 0, 0)),
    "listen": (50, 201, (0, 0)),
    "setsockopt": (54, 208, (0, 0, 0, 0, 0)),
    "execve": (59, 221, (0, 0, 0)),
    "execveat": (322, 281, (0, 0, 0, 0, 0)),
    "fork": (57, None, ()),
    "vfork": (58, None, ()),
    "clone of a process": (56, 220, (17, 0, 0, 0, 0)),
    "clone of a user namespace": (56, 220, (0x10000011, 0, 0, 0, 0)),
    "clone3": (435, 435, (0, 0)),
    "shared anonymous mmap": (9, 222, (0, 4096, 3, 0x21, -1 & 0xFFFFFFFF, 0)),
    "validated shared anonymous mmap": (9, 222, (0, 4096, 3, 0x23, -1 & 0xFFFFFFFF, 0)),
    "growing mmap": (9, 222, (0, 4096, 3, 0x122, -1 & 0xFFFFFFFF, 0)),
    "TIOCSTI": (16, 29, (0, 0x5412, 0)),
    "TIOCLINUX": (16, 29, (0, 0x541C, 0)),
    "TIOCSCTTY": (16, 29, (0, 0x540E, 0)),
    "FS_IOC_SETFLAGS": (16, 29, (0, 0x40086602, 0)),
    "flock": (73, 32, (0, 2)),
    "fcntl F_SETLK": (72, 25, (0, 6, 0)),
    "fcntl F_OFD_SETLK": (72, 25, (0, 37, 0)),
    "fcntl F_SETLEASE": (72, 25, (0, 1024, 0)),
    "fcntl F_NOTIFY": (72, 25, (0, 1026, 0)),
    "prctl PR_SET_DUMPABLE": (157, 167, (4, 0)),
    "prctl PR_SET_PDEATHSIG": (157, 167, (1, 9)),
    "prctl PR_SET_SECCOMP": (157, 167, (22, 2, 0)),
    "prctl PR_SET_MM": (157, 167, (35, 0, 0)),
    "prctl PR_SCHED_CORE": (157, 167, (62, 1, 0, 1, 0)),
    "sendto out of band": (44, 206, (0, 0, 0, 1, 0, 0)),
    "recvfrom out of band": (45, 207, (0, 0, 0, 0x41, 0, 0)),
    "sendmsg out of band": (46, 211, (0, 0, 1)),
    "recvmsg out of band": (47, 212, (0, 0, 1)),
    "sendmmsg": (307, 269, (0, 0, 0, 0)),
    "recvmmsg": (299, 243, (0, 0, 0, 0, 0)),
    "sched_setaffinity": (203, 122, (0, 8, 0)),
    "sched_setscheduler": (144, 119, (0, 0, 0)),
    "setpriority": (141, 140, (0, 0, 0)),
    "ioprio_set": (251, 30, (1, 0, 0)),
    "personality": (135, 92, (0x0040000,)),
    "setuid": (105, 146, (0,)),
    "setgroups": (116, 159, (0, 0)),
    "capset": (126, 91, (0, 0)),
    "sethostname": (170, 161, (0, 0)),
    "reboot": (169, 142, (0, 0, 0, 0)),
    "kexec_load": (246, 104, (0, 0, 0, 0)),
    "init_module": (175, 105, (0, 0, 0)),
    "name_to_handle_at": (303, 264, (0, 0, 0, 0, 0)),
    "open_by_handle_at": (304, 265, (0, 0, 0)),
    "fanotify_init": (300, 262, (0, 0)),
    "inotify_init1": (294, 26, (0,)),
    "vmsplice": (278, 75, (0, 0, 0, 0)),
    "splice": (275, 76, (0, 0, 0, 0, 0, 0)),
    "remap_file_pages": (216, 234, (0, 0, 0, 0, 0)),
    "mlock": (149, 228, (0, 4096)),
    "seccomp": (317, 277, (0, 0, 0)),
    "quotactl": (179, 60, (0, 0, 0, 0)),
    "swapon": (167, 224, (0, 0)),
    "syslog": (103, 116, (2, 0, 0)),
    "modify_ldt": (154, None, (0, 0, 0)),
    "mknodat": (259, 33, (0, 0, 0o20600, 0)),
    "x32 getpid": (0x40000000 + 39, None, ()),
    "x32 ptrace": (0x40000000 + 521, None, (0, 0, 0, 0)),
    "no such call": (999, 999, ()),
}
#: What a run with a GPU may do all the same.
OF_A_GPU = {"execve", "execveat", "fork", "vfork", "clone of a process"}
OF_A_GPU |= {"fcntl F_SETLK", "fcntl F_OFD_SETLK", "fcntl F_SETLEASE", "fcntl F_NOTIFY"}
COLUMN = {"x86_64": 0, "aarch64": 1}


def number_of(name: str, machine: str) -> int | None:
    """The number of a forbidden call on a machine."""
    return FORBIDDEN[name][0] if COLUMN[machine] == 0 else FORBIDDEN[name][1]


# --- inside a run -------------------------------------------------------------------------------


def test_forbidden_calls_fail(stage: Stage) -> None:
    """Each forbidden call, made directly, fails with EPERM or ENOSYS inside a run."""

    def candidate(calls: dict[str, Any]) -> Any:
        import ctypes

        libc = ctypes.CDLL(None, use_errno=True)
        results = {}
        for name, (number, arguments) in calls.items():
            ctypes.set_errno(0)
            result = libc.syscall(ctypes.c_long(number), *(ctypes.c_long(argument) for argument in arguments))
            results[name] = (result, ctypes.get_errno())
        return results

    calls = {n: (number, FORBIDDEN[n][2]) for n in FORBIDDEN if (number := number_of(n, MACHINE)) is not None}
    results = stage.value(candidate, {name: call for name, call in calls.items() if not name.startswith("x32")})
    allowed = {name: result for name, result in results.items() if result not in ((-1, EPERM), (-1, ENOSYS))}
    assert allowed == {}
    assert results["clone3"] == (-1, ENOSYS)


@pytest.mark.skipif(MACHINE != "x86_64", reason="only x86-64 has a second set of numbers")
@pytest.mark.parametrize("name", [name for name in FORBIDDEN if name.startswith("x32")])
def test_calls_of_another_abi(stage: Stage, name: str) -> None:
    """A call by the numbers of another ABI fails, or ends the run where an engine's filter comes first."""

    def candidate(number: int) -> Any:
        import ctypes

        libc = ctypes.CDLL(None, use_errno=True)
        return libc.syscall(ctypes.c_long(number), 0, 0, 0, 0), ctypes.get_errno()

    outcome = stage(candidate, FORBIDDEN[name][0])
    assert outcome in (Returned((-1, EPERM)), Died(-signal.SIGSYS))


def test_threads_and_work_go_on(stage: Stage) -> None:
    """Under the filter threads, files, pipes, clocks, sockets in pairs and tensor work are as they should be."""

    def candidate() -> Any:
        import concurrent.futures
        import os
        import select
        import shutil
        import signal
        import socket
        import tempfile
        import time

        import numpy as np
        import torch

        with concurrent.futures.ThreadPoolExecutor(4) as threads:
            summed = sum(threads.map(lambda n: int(torch.full((100,), n).sum()), range(4)))
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "file")
            np.save(path, np.arange(5))
            shutil.copyfile(f"{path}.npy", f"{path}2.npy")
            loaded = int(np.load(f"{path}2.npy", mmap_mode="r").sum())
            torch.save({"a": torch.ones(2)}, path)
            saved = float(torch.load(path)["a"].sum())
        a, b = socket.socketpair()
        a.sendall(b"x")
        readable = bool(select.select([b], [], [], 5)[0])
        fired: list[int] = []
        signal.signal(signal.SIGALRM, lambda number, _: fired.append(number))
        signal.setitimer(signal.ITIMER_REAL, 0.001)
        while not fired:
            time.sleep(0.001)
        return summed, loaded, saved, readable, os.isatty(0), len(os.urandom(8))

    assert stage.value(candidate) == (600, 10, 2.0, True, False, 8)


def test_training_goes_on(stage: Stage) -> None:
    """Under the filter a model trains, several threads, backward pass and all."""

    def candidate() -> Any:
        import torch

        torch.set_num_threads(2)
        model = torch.nn.Sequential(torch.nn.Linear(64, 64), torch.nn.ReLU(), torch.nn.Linear(64, 1))
        optimizer = torch.optim.AdamW(model.parameters())
        x, y = torch.randn(256, 64), torch.randn(256, 1)
        losses = []
        for _ in range(3):
            loss = torch.nn.functional.mse_loss(model(x), y)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            losses.append(float(loss.detach()))
        return losses[-1] < losses[0]

    assert stage(candidate) == Returned(True)


# --- the program, interpreted -------------------------------------------------------------------


def verdict(program: bytes, number: int, arguments: tuple[int, ...] = (), arch: int | None = None) -> int:
    """What the kernel would decide: an interpreter of the few instructions of classic BPF that are in use."""
    known = seccomp.MACHINES["x86_64"][0]
    words = [argument & 0xFFFFFFFFFFFFFFFF for argument in arguments] + [0] * (6 - len(arguments))
    data = struct.pack("<IIQ6Q", number & 0xFFFFFFFF, known if arch is None else arch, 0, *words)
    steps = list(struct.iter_unpack("<HBBI", program))
    at = accumulator = 0
    while True:
        code, then, otherwise, value = steps[at]
        at += 1
        if code == 0x20:
            (accumulator,) = struct.unpack_from("<I", data, value)
        elif code == 0x54:
            accumulator &= value
        elif code == 0x15:
            at += then if accumulator == value else otherwise
        elif code == 0x45:
            at += then if accumulator & value else otherwise
        else:
            assert code == 0x06, f"an instruction nobody expected: {code:#x}"
            return int(value)


@pytest.fixture(params=["x86_64", "aarch64"])
def machine(request: pytest.FixtureRequest) -> str:
    """Each machine there is a table for."""
    return str(request.param)


def judge(machine: str, number: int, *arguments: int, processes: bool = False) -> int:
    """The filter's verdict on a call on that machine."""
    return verdict(seccomp.program(machine, processes=processes), number, arguments, seccomp.MACHINES[machine][0])


REFUSED = (0x00050000 | EPERM, 0x00050000 | ENOSYS)


@pytest.mark.parametrize("processes", [False, True])
def test_program_forbids(machine: str, processes: bool) -> None:
    """The program of either machine refuses every forbidden call; with processes, all but those that start some."""
    for name, (_, _, arguments) in FORBIDDEN.items():
        number = number_of(name, machine)
        if number is not None:
            allowed = processes and name in OF_A_GPU
            assert (judge(machine, number, *arguments, processes=processes) == ALLOW) is allowed, name
            assert allowed or judge(machine, number, *arguments, processes=processes) in REFUSED, name


def test_program_with_processes_makes_no_namespaces(machine: str) -> None:
    """Where processes may be started, none of them is put into a new namespace, whatever else is asked for."""
    _, _, clone, clone3, *_ = seccomp.MACHINES[machine]
    for flag in (0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000):
        for others in (17, 0x4111, 0x3D0F00):
            assert judge(machine, clone, flag | others, processes=True) == 0x00050000 | EPERM
    for flags in (17, 0x4111, 0x1200011, 0x3D0F00):
        assert judge(machine, clone, flags, processes=True) == ALLOW
    assert judge(machine, clone3, processes=True) == 0x00050000 | ENOSYS


def test_program_with_processes_speaks_to_nvidia_only(machine: str) -> None:
    """Requests of NVIDIA's devices are made where there is a GPU and nowhere else; other devices' are made nowhere."""
    ioctl = seccomp.MACHINES[machine][6]
    for request in (0xC020462A, 0xC00846D2, 0xC0384657, 0x25, 0x1B, 0x30000001, 0x30000002):
        assert judge(machine, ioctl, 0, request, processes=True) == ALLOW
        assert judge(machine, ioctl, 0, request) == 0x00050000 | EPERM
    for request in (0x5412, 0x541C, 0x540E, 0x40086602, 0x4B30, 0x8912, 0x100, 0xC0189436, 0x30000003):
        assert judge(machine, ioctl, 0, request, processes=True) == 0x00050000 | EPERM


def test_program_allows_by_number_only_what_is_listed(machine: str) -> None:
    """Of a thousand numbers, those that are allowed without looking at arguments are the listed ones."""
    arch, column, clone, _, mmap, socketpair, ioctl, prctl = seccomp.MACHINES[machine]
    listed = {int(row.split()[column]) for row in seccomp.ALLOWED.split(";") if row.split()[column] != "-"}
    nothing = (1 << 64) - 1 & ~0xFFFFFFFF  # no bit set in the words that are looked at
    program = seccomp.program(machine)
    allowed = {n for n in range(1000) if verdict(program, n, (nothing,) * 6, arch) == ALLOW}
    assert allowed == listed - {clone, socketpair, ioctl, prctl}
    assert mmap in allowed


def test_program_looks_at_arguments(machine: str) -> None:
    """Threads, private and file mappings, a pair of Unix sockets, messages and harmless controls are allowed."""
    _, column, clone, clone3, mmap, socketpair, ioctl, prctl = seccomp.MACHINES[machine]
    thread_flags = 0x3D0F00
    assert judge(machine, clone, thread_flags) == ALLOW
    assert judge(machine, clone3) == 0x00050000 | ENOSYS
    for flags in (0x22, 0x4022, 0x20022, 0x01, 0x02, 0x32):
        assert judge(machine, mmap, 0, 4096, 3, flags) == ALLOW
    assert judge(machine, socketpair, 1, 1, 0) == ALLOW
    for request in (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451):
        assert judge(machine, ioctl, 0, request) == ALLOW
    for option in (3, 15, 16, 21, 23, 39, 42, 0x53564D41):
        assert judge(machine, prctl, option) == ALLOW
    for command in (0, 1, 2, 3, 4, 1030):
        assert judge(machine, (72, 25)[column - 1], 5, command, 0) == ALLOW
    sendto, recvfrom, sendmsg, recvmsg = ((44, 45, 46, 47), (206, 207, 211, 212))[column - 1]
    for flags in (0, 0x2, 0x40, 0x4000):
        assert {judge(machine, call, 5, 0, 0, flags) for call in (sendto, recvfrom)} == {ALLOW}
        assert {judge(machine, call, 5, 0, flags) for call in (sendmsg, recvmsg)} == {ALLOW}


def test_program_kills_foreign_architectures(machine: str) -> None:
    """A call made in the way of any other architecture kills the process, whatever it is."""
    program = seccomp.program(machine)
    own = seccomp.MACHINES[machine][0]
    for arch in (0x40000003, 0xC000003E, 0xC00000B7, 0x40000028, 0):
        if arch != own:
            assert {verdict(program, number, (), arch) for number in range(500)} == {KILL}


@pytest.mark.parametrize("processes", [False, True])
def test_program_fits(machine: str, processes: bool) -> None:
    """The program is within the kernel's limit, and no jump leaves it."""
    steps = list(struct.iter_unpack("<HBBI", seccomp.program(machine, processes=processes)))
    assert len(steps) <= 4096
    for at, (code, then, otherwise, _) in enumerate(steps):
        if code in (0x15, 0x45):
            assert at + 1 + max(then, otherwise) < len(steps)


def test_unknown_machine() -> None:
    """A machine without a table has no filter, and that is an error."""
    with pytest.raises(KeyError):
        seccomp.program("riscv64")


def test_table_has_each_call_once() -> None:
    """No call and no number is listed twice."""
    rows = [row.split() for row in f"{seccomp.ALLOWED};{seccomp.PROCESSES}".split(";")]
    for column in (0, 1, 2):
        values = [row[column] for row in rows if row[column] != "-"]
        assert len(set(values)) == len(values)
