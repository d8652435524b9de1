"""Process 1 of a lane: imports torch once, then forks a run whenever it is asked.

Theory of operation. A backend starts the zygote with a Unix socket to it as descriptor 3, as a path to connect to, or
by way of `relay.py`. It gets away from whatever started it (`isolate.py` has the ways), imports what runs will need,
executes a warm-up so that nothing is imported lazily later, and answers requests one at a time:

    prepare   {preload, optional, warm_up, rehearsal, opening, helpers, processes}   → {threads, found, version}   once
    fork      {limits, setup, first} + a channel  → {run}  the child is apart from all else
    usage     {run}                        → {cpu_ns, resident_kb, …}   for who cannot see the lane's processes
    signal    {run, number}, pin {run, cpus}           → {}            for who may not signal or pin them
    finish    {run}                        → {status, peak_kb}   kills the run and waits until nothing of it is left

The child closes all but its channel, lowers its limits, drops every capability, installs the seccomp filter, rehearses
(a fork's pages are copied when they are first written to; doing so ahead of its use keeps that off the clock), and how
a submission opens too where it is the `first` run of one, makes the one call of `setup`, says hello with its
credentials, and hands over to `runner.serve`. What a fork costs most is entries of page tables, copied and dropped
again; so the zygote's memory lies in huge pages, which take one entry for 512.

The zygote never reads a run's channel, so nothing candidate code writes reaches it. It must stay single-threaded: a
fork copies only the calling thread, and a lock another thread holds would stay locked in every child for ever.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import gc
import importlib
import os
import signal
import socket
import traceback
import types
from collections.abc import Callable
from typing import Any, Final

from sandbox import absent, descriptors, isolate, kernel, mux, processes, runner, seccomp, version, wire

#: Where bubblewrap's launcher leaves the control socket, and where it is kept out of the way.
CONTROL_FD: Final = 3
KEPT_FD: Final = 100
#: What of a container's root a run gets to see.
KEPT: Final = ("/forwardpass", "/site", "/python", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/lib", "/lib64")
#: What the engine puts into the environment of every container.
ENGINES_VARIABLES: Final = ("HOSTNAME", "PYTHONDONTWRITEBYTECODE")


class Zygote:
    """Holds what every fork starts from."""

    def __init__(self, control: socket.socket, isolation: isolate.Isolation) -> None:
        self._control, self._isolation = control, isolation
        self._filter, self._processes = seccomp.program(), False
        self._rehearsal = self._opening = _rehearsed("")

    def serve(self) -> None:
        """Answer requests until the trusted side closes the control socket."""
        while True:
            try:
                head, passed = descriptors.receive(self._control)
            except (EOFError, ConnectionError):
                return
            reply = getattr(self, f"_{head['op']}")(head, passed)
            wire.send_frame(self._control, reply | {"seq": head["seq"]})

    def _prepare(self, head: dict[str, Any], passed: list[int]) -> dict[str, Any]:
        for name, source in head["helpers"].items():
            runner.load(name, source.encode())
        for name in head["preload"]:
            importlib.import_module(name)
        warm_up(head["warm_up"])
        found = absent.versions(head["optional"])  # last, so that torch learns what is really installed
        self._processes = head["processes"]
        self._filter = seccomp.program(processes=self._processes)
        self._rehearsal, self._opening = _rehearsed(head["rehearsal"]), _rehearsed(head["opening"])
        runner.freeze()
        kernel.collapse_pages()
        return {"threads": len(os.listdir("/proc/self/task")), "found": found, "version": version.digest()}

    def _fork(self, head: dict[str, Any], passed: list[int]) -> dict[str, Any]:
        (channel,) = passed
        run = self._isolation.fork()
        if run == 0:
            bounds = head["limits"], self._filter, self._processes
            confine = functools.partial(isolate.confine, self._isolation, channel, *bounds)
            _become_run(channel, head, confine, [self._rehearsal, *([self._opening] if head["first"] else [])])
        os.close(channel)
        return {"run": run}

    def _usage(self, head: dict[str, Any], passed: list[int]) -> dict[str, Any]:
        return processes.usage(head["run"])

    def _signal(self, head: dict[str, Any], passed: list[int]) -> dict[str, Any]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(head["run"], head["number"])
        return {}

    def _pin(self, head: dict[str, Any], passed: list[int]) -> dict[str, Any]:
        processes.pin(head["run"], set(head["cpus"]))
        return {}

    def _finish(self, head: dict[str, Any], passed: list[int]) -> dict[str, Any]:
        run = head["run"]
        with contextlib.suppress(ProcessLookupError):
            os.kill(run, signal.SIGKILL)
        _, status, used = os.wait4(run, 0)
        self._isolation.clear(run)
        return {"status": os.waitstatus_to_exitcode(status), "peak_kb": used.ru_maxrss}


def warm_up(source: str) -> None:
    """Execute code whose only purpose is that nothing it imports is imported again after a fork."""
    exec(compile(source, "<warm-up>", "exec"), {"__name__": "warm_up"})


def _rehearsed(source: str) -> types.CodeType:
    return compile(source, "<rehearsal>", "exec")


def _become_run(
    channel_fd: int, head: dict[str, Any], confine: Callable[[], None], rehearsals: list[types.CodeType]
) -> None:
    """The child's whole life; never returns."""
    status, channel = 1, socket.socket(fileno=channel_fd)
    try:
        confine()
        os.chdir("/tmp")
        gc.enable()
        for rehearsal in rehearsals:
            exec(rehearsal, {"__name__": "rehearsal"})
        if head["setup"]:
            module, function, args = head["setup"]
            runner.call({"module": module, "function": function}, tuple(args), {})
        wire.send_frame(channel, {"op": "hello"})
        runner.serve(channel, head["limits"]["answer_mb"] << 20)
        status = 0
    except Exception as error:  # before the hello: it could not be confined, or not rehearse
        traceback.print_exc()
        with contextlib.suppress(OSError):
            wire.send_frame(channel, {"op": "failed", "why": f"{type(error).__name__}: {error}"})
    finally:
        os._exit(status)


def _in_namespaces() -> isolate.Isolation:
    """Split off from the starter process, whose PID namespace a foreign user namespace owns; returns in the child."""
    zygote = os.fork()
    if zygote:
        os.closerange(3, KEPT_FD + 1)
        os.waitpid(zygote, 0)
        os._exit(0)
    kernel.die_with_parent()
    kernel.mount("proc", "/proc", "proc", kernel.LOCKED_DOWN)
    return isolate.Namespaces()


class _Standard:
    """Standard input and output as a stream between muxes."""

    def fileno(self) -> int:
        """Standard input."""
        return 0

    def read(self) -> bytes:
        """What has come.

        Raises:
            EOFError: nothing more will.
        """
        if not (data := os.read(0, mux.CHUNK)):
            raise EOFError
        return data

    def write(self, data: bytes) -> None:
        """Send all of it."""
        view = memoryview(data)
        while view:
            view = view[os.write(1, view) :]


def _relayed() -> socket.socket:
    """A control socket that this process's first half carries over its standard streams; returns in the second half."""
    relay, control = socket.socketpair()
    if os.fork():
        control.close()
        mux.Mux(relay, _Standard()).run()
        os._exit(0)
    relay.close()
    kernel.die_with_parent()
    null = os.open("/dev/null", os.O_RDWR)
    for standard in (0, 1):
        os.dup2(null, standard)
    os.close(null)
    return control


def _control(options: argparse.Namespace) -> socket.socket:
    if options.attached:
        return _relayed()
    if options.socket:
        control = socket.socket(socket.AF_UNIX)
        control.connect(options.socket)
        return control
    os.dup2(CONTROL_FD, KEPT_FD)
    os.close(CONTROL_FD)
    return socket.socket(fileno=KEPT_FD)


def _apart(options: argparse.Namespace) -> isolate.Isolation:
    """Get away from what started this process.

    Raises:
        OSError: this way is not allowed here.
    """
    if options.users:
        return isolate.Users(options.users)
    if options.socket or options.attached:
        isolate.own_namespaces()
        namespaces = _in_namespaces()
        isolate.narrow_root(KEPT)
        return namespaces
    kernel.unshare(kernel.CLONE_NEWPID | kernel.CLONE_NEWNS)
    return _in_namespaces()


def main() -> None:
    """Get the control socket, get apart from what started this process, and serve."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--socket", help="path of the control socket, in a container")
    parser.add_argument("--attached", action="store_true", help="the control socket comes over standard streams")
    parser.add_argument("--users", type=int, help="no namespaces: runs get user ids from this one on")
    options = parser.parse_args()
    kernel.die_with_parent()  # so that killing bubblewrap, which waits outside, ends the lane
    control = _control(options)
    for name in ENGINES_VARIABLES:
        os.environ.pop(name, None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.disable()
    isolation = None
    try:
        isolation = _apart(options)
        kernel.weigh_session()
        Zygote(control, isolation).serve()
    except Exception as error:
        traceback.print_exc()
        with contextlib.suppress(OSError):
            why = f"{type(error).__name__}: {error}"
            wire.send_frame(control, {"failed": why, "refused": isolation is None})
        os._exit(1)
    os._exit(0)  # taking torch down in good order would cost a second


if __name__ == "__main__":
    main()
