"""Process 1 of a lane: imports torch once, then forks a run whenever it is asked.

Theory of operation. The zygote is started by a backend with a Unix socket as descriptor 3 and CAP_SYS_ADMIN in the
lane's own user namespace. It makes itself a PID namespace that it owns, imports what runs will need, executes a
warm-up so that nothing is imported lazily later, and answers requests one at a time:

    prepare   {preload, optional, warm_up, rehearsal, helpers, processes}   → {threads, found}     once, first
    fork      {limits, setup} + a channel  → {run}         the child is process 1 of a PID namespace of its own
    finish    {run}                        → {status, cpu_ms}   kills that namespace and waits until it is empty

A fork leads into new PID, mount and IPC namespaces; the child mounts its own /proc and /tmp, closes all but its
channel, lowers its limits, drops every capability, installs the seccomp filter, rehearses (a fork's pages are copied
when they are first written to; doing so ahead of its use keeps that off the clock), makes the one call of `setup`, says
hello with its credentials, and hands over to `runner.serve`. Because it is process 1 of its namespace, its death takes
everything it started along, and `finish` returns only when the kernel has reaped all of it.

The zygote never reads a run's channel, so nothing candidate code writes reaches it. It must stay single-threaded: a
fork copies only the calling thread, and a lock another thread holds would stay locked in every child for ever.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import resource
import signal
import socket
import sys
import traceback
import types
from typing import Any, Final

from sandbox import absent, descriptors, kernel, runner, seccomp, wire

CONTROL_FD: Final = 3
MOST_STACK: Final = 64 << 20
#: No limit on memory, but on the page tables that reading untouched memory takes and that no other limit counts. CUDA
#: reserves far more than this, so a run with a GPU goes without.
MOST_ADDRESSES: Final = 128 << 30


class Zygote:
    """Holds what every fork starts from, and knows its living children."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._own_pids = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
        self._filter, self._processes = seccomp.program(), False
        self._rehearsal: types.CodeType = compile("", "<rehearsal>", "exec")
        self._runs: set[int] = set()

    def serve(self) -> None:
        """Answer requests until the trusted side closes the control socket."""
        while True:
            try:
                head, passed = descriptors.receive(self._control)
            except EOFError:
                return
            reply = getattr(self, f"_{head['op']}")(head, passed)
            wire.send_frame(self._control, reply | {"seq": head["seq"]})

    def _prepare(self, head: dict[str, Any], passed: list[int]) -> dict[str, Any]:
        for name, source in head["helpers"].items():
            runner.load(name, source)
        for name in head["preload"]:
            importlib.import_module(name)
        warm_up(head["warm_up"])
        found = absent.versions(head["optional"])  # last, so that torch learns what is really installed
        self._processes = head["processes"]
        self._filter = seccomp.program(processes=self._processes)
        self._rehearsal = compile(head["rehearsal"], "<rehearsal>", "exec")
        runner.freeze()
        return {"threads": len(os.listdir("/proc/self/task")), "found": found}

    def _fork(self, head: dict[str, Any], passed: list[int]) -> dict[str, Any]:
        (channel,) = passed
        kernel.setns(self._own_pids, kernel.CLONE_NEWPID)
        kernel.unshare(kernel.CLONE_NEWPID)
        run = os.fork()
        if run == 0:
            _become_run(channel, head | {"processes": self._processes}, self._filter, self._rehearsal)
        os.close(channel)
        self._runs.add(run)
        return {"run": run}

    def _finish(self, head: dict[str, Any], passed: list[int]) -> dict[str, Any]:
        run = head["run"]
        self._runs.discard(run)
        with contextlib.suppress(ProcessLookupError):
            os.kill(run, signal.SIGKILL)
        _, status, usage = os.wait4(run, 0)
        return {"status": os.waitstatus_to_exitcode(status), "cpu_ms": (usage.ru_utime + usage.ru_stime) * 1e3}


def warm_up(source: str) -> None:
    """Execute code whose only purpose is that nothing it imports is imported again after a fork."""
    exec(compile(source, "<warm-up>", "exec"), {"__name__": "warm_up"})


def _become_run(channel_fd: int, head: dict[str, Any], filter_program: bytes, rehearsal: types.CodeType) -> None:
    """The child's whole life; never returns."""
    status, limits = 1, head["limits"]
    try:
        _isolate(channel_fd, limits, filter_program, head["processes"])
        channel = socket.socket(fileno=channel_fd)
        os.chdir("/tmp")
        gc.enable()
        exec(rehearsal, {"__name__": "rehearsal"})
        if head["setup"]:
            module, function, args = head["setup"]
            runner.call({"module": module, "function": function}, tuple(args), {})
        wire.send_frame(channel, {"op": "hello"})
        runner.serve(channel, limits["answer_mb"] << 20)
        status = 0
    except Exception:
        traceback.print_exc()  # until descriptor 2 is the null device, the backend reads this
    finally:
        os._exit(status)


def _isolate(channel_fd: int, limits: dict[str, int], filter_program: bytes, processes: bool) -> None:
    os.setsid()  # signals to a process group cross PID namespaces: without this, to the spare run too
    kernel.unshare(kernel.CLONE_NEWNS | kernel.CLONE_NEWIPC)
    with open("/proc/self/oom_score_adj", "w") as score:
        score.write("1000")
    _mount_proc(whole=processes)
    options = f"size={limits['scratch_mb']}m,nr_inodes={limits['inodes']},mode=1777"
    kernel.mount("tmpfs", "/tmp", "tmpfs", kernel.LOCKED_DOWN, options)
    _keep_descriptors(channel_fd)
    _lower_limits(limits, MOST_ADDRESSES if not processes else resource.RLIM_INFINITY)
    kernel.drop_capabilities()
    kernel.no_new_privileges()
    kernel.install_seccomp(filter_program)


def _mount_proc(whole: bool) -> None:
    """The run's own /proc, read-only: writing there could reset the memory peak we read, or the OOM score.

    CUDA asks there what machine it is on, so where it runs the mount is `whole`; elsewhere processes are all it shows.
    """
    flags = kernel.LOCKED_DOWN | kernel.MS_RDONLY
    try:
        kernel.mount("proc", "/proc", "proc", flags, "" if whole else "subset=pid")
    except OSError:  # before Linux 5.8 the option is unknown
        kernel.mount("proc", "/proc", "proc", flags)


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
        resource.setrlimit(kind, (value, value))
    stack = resource.getrlimit(resource.RLIMIT_STACK)[0]  # RLIMIT_DATA does not count stacks
    stack = MOST_STACK if stack == resource.RLIM_INFINITY else min(stack, MOST_STACK)
    resource.setrlimit(resource.RLIMIT_STACK, (stack, stack))


def main() -> None:
    """Split off from the starter process, whose PID namespace a foreign user namespace owns, and serve."""
    kernel.die_with_parent()  # so that killing bubblewrap, which waits outside, ends the lane
    kernel.unshare(kernel.CLONE_NEWPID | kernel.CLONE_NEWNS)
    zygote = os.fork()
    if zygote:
        os.close(CONTROL_FD)
        os.waitpid(zygote, 0)
        sys.exit(0)
    kernel.die_with_parent()
    kernel.mount("proc", "/proc", "proc", kernel.LOCKED_DOWN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.disable()
    os.dup2(CONTROL_FD, 100)
    os.close(CONTROL_FD)
    Zygote(socket.socket(fileno=100)).serve()
    os._exit(0)  # taking torch down in good order would cost a second


if __name__ == "__main__":
    main()
