"""The system calls a run may make: an allow-list, as a classic BPF program for seccomp.

Everything not listed fails with EPERM, so ptrace, process_vm_*, mount, unshare, setns, keyctl, bpf, perf_event_open,
io_uring, userfaultfd, memfd_create, SysV IPC, POSIX queues, execve and every socket but a pair of Unix ones are out
by not being named. Some calls are looked at more closely: `clone` makes threads only, `clone3` does not exist (its
arguments cannot be filtered, so libraries fall back to `clone`), `mmap` makes no shared anonymous and no growing
memory (which RLIMIT_DATA would not count), `socketpair` is AF_UNIX, `ioctl` and `prctl` do the few things libraries
ask of them, and messages are never out of band (CVE-2025-38236). A foreign architecture kills the process. Locks are
out too, by `flock` and by `fcntl`, and so are leases and notices: one on a file of the host would be seen from other
lanes and by the host.

A run that has a GPU may do a little more, because Triton compiles in child processes and CUDA speaks to its driver by
`ioctl`: it may start processes, in its own namespaces only, make the requests of NVIDIA's devices, and lock its caches.

Sources: seccomp(2), Linux `include/uapi/linux/filter.h` and the kernel's system call tables.
"""

from __future__ import annotations

import platform
import struct
from typing import Final

#: name, number on x86-64, number on AArch64; "-" where the call does not exist.
ALLOWED: Final = """
    access 21 -; alarm 37 -; arch_prctl 158 -; brk 12 214; chdir 80 49; chmod 90 -; clock_getres 229 114;
    clock_gettime 228 113; clock_nanosleep 230 115; clone 56 220; close 3 57; close_range 436 436;
    copy_file_range 326 285; creat 85 -; dup 32 23; dup2 33 -; dup3 292 24; epoll_create 213 -;
    epoll_create1 291 20; epoll_ctl 233 21; epoll_pwait 281 22; epoll_pwait2 441 441; epoll_wait 232 -;
    eventfd 284 -; eventfd2 290 19; exit 60 93; exit_group 231 94; faccessat 269 48; faccessat2 439 439;
    fadvise64 221 223; fallocate 285 47; fchdir 81 50; fchmod 91 52; fchmodat 268 53; fcntl 72 25; fdatasync 75 83;
    fstat 5 80; fstatfs 138 44; fsync 74 82; ftruncate 77 46; futex 202 98; get_robust_list 274 100;
    getcpu 309 168; getcwd 79 17; getdents 78 -; getdents64 217 61; getegid 108 177; geteuid 107 175;
    getgid 104 176; getgroups 115 158; getitimer 36 102; getpeername 52 205; getpgid 121 155; getpgrp 111 -;
    getpid 39 172; getppid 110 173; getpriority 140 141; getrandom 318 278; getresgid 120 150; getresuid 118 148;
    getrlimit 97 163; getrusage 98 165; getsid 124 156; getsockname 51 204; getsockopt 55 209; gettid 186 178;
    gettimeofday 96 169; getuid 102 174; ioctl 16 29; kill 62 129; link 86 -; linkat 265 37; lseek 8 62; lstat 6 -;
    madvise 28 233; membarrier 324 283; mkdir 83 -; mkdirat 258 34; mmap 9 222; mprotect 10 226; mremap 25 216;
    msync 26 227; munmap 11 215; nanosleep 35 101; newfstatat 262 79; open 2 -; openat 257 56; pause 34 -;
    pipe 22 -; pipe2 293 59; poll 7 -; ppoll 271 73; prctl 157 167; pread64 17 67; preadv 295 69; preadv2 327 286;
    prlimit64 302 261; pselect6 270 72; pwrite64 18 68; pwritev 296 70; pwritev2 328 287; read 0 63; readlink 89 -;
    readlinkat 267 78; readv 19 65; recvfrom 45 207; recvmsg 47 212; rename 82 -; renameat 264 38;
    renameat2 316 276; restart_syscall 219 128; rmdir 84 -; rseq 334 293; rt_sigaction 13 134;
    rt_sigpending 127 136; rt_sigprocmask 14 135; rt_sigqueueinfo 129 138; rt_sigreturn 15 139;
    rt_sigsuspend 130 133; rt_sigtimedwait 128 137; rt_tgsigqueueinfo 297 240; sched_get_priority_max 146 125;
    sched_get_priority_min 147 126; sched_getaffinity 204 123; sched_getattr 315 275; sched_getparam 143 121;
    sched_getscheduler 145 120; sched_yield 24 124; select 23 -; sendfile 40 71; sendmsg 46 211; sendto 44 206;
    set_robust_list 273 99; set_tid_address 218 96; setitimer 38 103; setpgid 109 154; setsid 112 157;
    shutdown 48 210; sigaltstack 131 132; signalfd 282 -; signalfd4 289 74; socketpair 53 199; stat 4 -;
    statfs 137 43; statx 332 291; symlink 88 -; symlinkat 266 36; sync_file_range 277 84; sysinfo 99 179;
    tgkill 234 131; time 201 -; timer_create 222 107; timer_delete 226 111; timer_getoverrun 225 109;
    timer_gettime 224 108; timer_settime 223 110; timerfd_create 283 85; timerfd_gettime 287 87;
    timerfd_settime 286 86; times 100 153; truncate 76 45; umask 95 166; uname 63 160; unlink 87 -; unlinkat 263 35;
    utime 132 -; utimensat 280 88; utimes 235 -; wait4 61 260; waitid 247 95; write 1 64; writev 20 66
"""

#: What starts processes and programs, in the same columns; for runs with a GPU only.
PROCESSES: Final = "execve 59 221; execveat 322 281; fork 57 -; vfork 58 -"

#: audit architecture, column in ALLOWED, then the numbers of clone, clone3, mmap, socketpair, ioctl, prctl.
MACHINES: Final = {
    "x86_64": (0xC000003E, 1, 56, 435, 9, 53, 16, 157),
    "aarch64": (0xC00000B7, 2, 220, 435, 222, 199, 29, 167),
}

_ALLOW: Final = 0x7FFF0000
_KILL: Final = 0x80000000
_EPERM: Final = 0x00050000 | 1
_ENOSYS: Final = 0x00050000 | 38
_LOAD, _EQ, _SET, _AND, _RET = 0x20, 0x15, 0x45, 0x54, 0x06
_NR, _ARCH, _ARG0, _ARG1, _ARG2, _ARG3 = 0, 4, 16, 24, 32, 40
_CLONE_THREAD: Final = 0x00010000
#: CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET.
_CLONE_NEW: Final = 0x7E020000
_MAP_SHARED_ANONYMOUS: Final = 0x21
_MAP_GROWSDOWN: Final = 0x100
_AF_UNIX: Final = 1
#: TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX.
_IOCTLS: Final = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)
#: Requests of /dev/nvidia* are of type 'F'; those of /dev/nvidia-uvm have numbers below 256, or are these two.
_NVIDIA_TYPE: Final = 0x4600
_UVM: Final = (0x30000001, 0x30000002)
#: PR_GET_DUMPABLE, PR_SET_NAME, PR_GET_NAME, PR_GET_SECCOMP, PR_CAPBSET_READ, PR_GET_NO_NEW_PRIVS, PR_GET_THP_DISABLE,
#: PR_SET_VMA (naming memory).
_PRCTLS: Final = (3, 15, 16, 21, 23, 39, 42, 0x53564D41)
#: The number of fcntl on x86-64 and AArch64; F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_DUPFD_CLOEXEC,
#: F_SETPIPE_SZ, F_GETPIPE_SZ.
_FCNTL: Final = (72, 25)
_FCNTLS: Final = (0, 1, 2, 3, 4, 1030, 1031, 1032)
#: sendto, recvfrom, sendmsg, recvmsg on x86-64 and AArch64, and which argument their flags are.
_MESSAGES: Final = ((44, 206, _ARG3), (45, 207, _ARG3), (46, 211, _ARG2), (47, 212, _ARG2))
_MSG_OOB: Final = 1


def _op(code: int, value: int, then: int = 0, otherwise: int = 0) -> bytes:
    return struct.pack("<HBBI", code, then, otherwise, value)


def _verdict(value: int) -> bytes:
    return _op(_RET, value)


def _when(number: int, *body: bytes) -> bytes:
    """Run `body`, which must return, for the system call `number`."""
    return _op(_EQ, number, 0, len(b"".join(body)) // 8) + b"".join(body)


def _only_if(code: int, argument: int, value: int) -> tuple[bytes, ...]:
    """Allow if the low word of an argument compares true, else EPERM."""
    return _op(_LOAD, argument), _op(code, value, 0, 1), _verdict(_ALLOW), _verdict(_EPERM)


def _one_of(argument: int, values: tuple[int, ...]) -> tuple[bytes, ...]:
    """Allow if the low word of an argument is among `values`, else EPERM."""
    tests = (_op(_EQ, value, len(values) - index) for index, value in enumerate(values))
    return _op(_LOAD, argument), *tests, _verdict(_EPERM), _verdict(_ALLOW)


def _none_of(argument: int, bits: int) -> tuple[bytes, ...]:
    """Allow if no bit of `bits` is set in the low word of an argument, else EPERM."""
    return _op(_LOAD, argument), _op(_SET, bits, 0, 1), _verdict(_EPERM), _verdict(_ALLOW)


def _if_masked(argument: int, mask: int, value: int) -> tuple[bytes, ...]:
    """Allow if the masked low word of an argument is `value`, else go on."""
    return _op(_LOAD, argument), _op(_AND, mask), _op(_EQ, value, 0, 1), _verdict(_ALLOW)


def _controls(processes: bool) -> tuple[bytes, ...]:
    """What `ioctl` may be asked for."""
    if not processes:
        return _one_of(_ARG1, _IOCTLS)
    nvidia = _if_masked(_ARG1, 0xFF00, _NVIDIA_TYPE) + _if_masked(_ARG1, 0xFFFFFF00, 0)
    return nvidia + _one_of(_ARG1, _IOCTLS + _UVM)


def program(machine: str | None = None, *, processes: bool = False) -> bytes:
    """The filter for `machine` (this one by default) as an array of `struct sock_filter`.

    Args:
        machine: a key of `MACHINES`.
        processes: allow what only a run with a GPU needs: child processes, and requests of NVIDIA's devices.

    Raises:
        KeyError: no table for this machine.
    """
    arch, column, clone, clone3, mmap, socketpair, ioctl, prctl = MACHINES[machine or platform.machine()]
    messages = {row[column - 1]: row[2] for row in _MESSAGES}
    rows = [entry.split() for entry in (f"{ALLOWED};{PROCESSES}" if processes else ALLOWED).split(";")]
    fcntl = _FCNTL[column - 1]
    closer = {clone, mmap, socketpair, ioctl, prctl, *messages} | (set() if processes else {fcntl})
    plain = sorted({int(row[column]) for row in rows if row[column] != "-"} - closer)
    return b"".join([
        _op(_LOAD, _ARCH), _op(_EQ, arch, 1, 0), _verdict(_KILL), _op(_LOAD, _NR),
        _when(clone, *(_none_of(_ARG0, _CLONE_NEW) if processes else _only_if(_SET, _ARG0, _CLONE_THREAD))),
        _when(clone3, _verdict(_ENOSYS)),
        _when(mmap, _op(_LOAD, _ARG3), _op(_SET, _MAP_GROWSDOWN, 2, 0), _op(_AND, _MAP_SHARED_ANONYMOUS),
              _op(_EQ, _MAP_SHARED_ANONYMOUS, 0, 1), _verdict(_EPERM), _verdict(_ALLOW)),
        _when(socketpair, *_only_if(_EQ, _ARG0, _AF_UNIX)),
        *(_when(number, _op(_LOAD, flags), _op(_SET, _MSG_OOB, 0, 1), _verdict(_EPERM), _verdict(_ALLOW))
          for number, flags in messages.items()),
        _when(ioctl, *_controls(processes)),
        _when(prctl, *_one_of(_ARG0, _PRCTLS)),
        b"" if processes else _when(fcntl, *_one_of(_ARG1, _FCNTLS)),
        *(_when(number, _verdict(_ALLOW)) for number in plain),
        _verdict(_EPERM),
    ])  # fmt: skip
