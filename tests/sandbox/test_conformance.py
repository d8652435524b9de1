"""What every backend promises: outcomes are told apart, limits hold, nothing survives, nothing is seen, nothing leaks.

Candidate code is written as functions inside the tests; only their source goes into the lane.
"""

from __future__ import annotations

import errno
import inspect
import json
import os
import select
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from sandbox import wire
from sandbox.errors import LaneLost
from sandbox.lane import Lane
from sandbox.limits import BrokeProtocol, Died, OutOfMemory, Raised, Returned, TimedOut
from sandbox.pool import Backend, Pool
from sandbox.request import Request, Setup
from sandbox.run import Run

if TYPE_CHECKING:
    from tests.sandbox.conftest import Stage

MB = 1 << 20


# --- outcomes -----------------------------------------------------------------------------------


def test_returned(stage: Stage) -> None:
    """A call brings back the value it returned and what it printed."""

    def candidate(x: torch.Tensor, *, scale: int = 1) -> Any:
        import sys

        print("hello", scale)
        print("warning", file=sys.stderr)
        return {"y": x * scale}

    outcome = stage(candidate, torch.arange(3.0), kwargs={"scale": 2})
    assert isinstance(outcome, Returned)
    assert torch.equal(outcome.value["y"], torch.tensor([0.0, 2.0, 4.0]))
    assert outcome.printed == "hello 2\nwarning\n"
    assert outcome.mutated is False


def test_printed_belongs_to_its_call(stage: Stage) -> None:
    """What one call printed is not reported with the next."""

    def candidate(text: str) -> None:
        print(text)

    assert stage(candidate, "one") == Returned(None, printed="one\n")
    assert stage(candidate, "two") == Returned(None, printed="two\n")


def test_helpers_note(stage: Stage) -> None:
    """A helper that was prepared can be called, and what it notes comes back."""
    assert stage.run.call("helper", "noting", (1,)) == Returned(2, notes=("by the helper",))


def test_requests_put_ahead(stage: Stage) -> None:
    """Requests can be put without waiting; their outcomes come in their order, the last being why the run ended."""
    run = stage.fresh()
    run.ask_ahead([Request.load("m", "def f(n): return 1 // n"), Request.call("m", "f", (1,))])
    run.ask_ahead([Request.call("m", "f", (0,)), Request.load("n", "import os; os._exit(3)"), Request.call("m", "f")])
    loaded, returned, raised, died = run.answers()
    assert (loaded, returned, died) == (Returned(None), Returned(1), Died(3))
    assert isinstance(raised, Raised)
    assert not run.alive


def test_bytes_before_an_answer_put_ahead(stage: Stage) -> None:
    """What candidate code sends while it loads is taken for no answer to a request put before."""
    run = stage.fresh()
    source = textwrap.dedent(inspect.getsource(send_from_inside)) + f"send_from_inside({FORGED['garbage']!r}, 'go on')"
    run.ask_ahead([Request.load("m", source), Request.call("m", "send_from_inside", (b"", ""))])
    assert isinstance(run.answers()[0], BrokeProtocol)


def test_setup(pool: Pool) -> None:
    """A run makes its setup before it says hello; a spare that made another one is not used."""
    first, second = Setup("helper", "remember", (1,)), Setup("helper", "remember", (2,))
    with pool.lane() as lane:
        for setup, wanted in ((first, first), (second, second), (first, second), (None, first), (first, None)):
            lane.leave()
            lane.prefork(setup)
            run = lane.run(wanted)
            expected = setup if setup == wanted else None if setup is None else wanted
            assert run.setup == expected
            assert run.call("helper", "remembered") == Returned(expected.args[0] if expected else 0)
            run.close()


def test_opening(pool: Pool) -> None:
    """A spare for a submission to come has rehearsed how one opens; a submission's further runs have not."""
    with pool.lane() as lane:
        opened = []
        for ahead, first in ((True, True), (True, False), (False, False)):
            lane.leave()
            if ahead:
                lane.prefork(first=first)
            run = lane.run()
            opened.append(run.call("helper", "opened"))
            run.close()
    assert opened == [Returned(True), Returned(False), Returned(False)]


def test_setup_that_became_usual(pool: Pool) -> None:
    """A lane whose last two users asked for the same setup makes its spare with it."""
    usual = Setup("helper", "remember", (["a", 3],))
    with pool.lane() as lane:
        for expected in (None, usual, usual):
            lane.leave()
            state, passed = lane.hand_over()
            theirs = Lane.take_over(state, [os.dup(descriptor) for descriptor in passed])
            theirs.run(usual).close()
            lane.taken_back(json.loads(json.dumps(theirs.give_back())))
            lane.prefork()
            spare = lane._spare
            assert spare is not None
            assert spare.setup == (None if expected is None else usual)


def test_beside(stage: Stage) -> None:
    """A call can pass a loaded module as its first argument."""
    stage.run.load("other", "answer = 42")

    def candidate(module: Any, x: int) -> Any:
        return module.answer + x

    assert stage(candidate, 1, beside="other") == Returned(43)


def test_raised(stage: Stage) -> None:
    """An exception is reported with its classes, its text and the lines of loaded modules it passed through."""

    def candidate() -> None:
        def inner() -> None:
            raise KeyError("missing")

        inner()

    outcome = stage(candidate)
    assert isinstance(outcome, Raised)
    assert outcome.types[:3] == ("KeyError", "LookupError", "Exception")
    assert outcome.message == "'missing'"
    assert outcome.lines == ((6, "inner()"), (4, 'raise KeyError("missing")'))


def test_hidden_modules_show_no_lines(stage: Stage) -> None:
    """A module that is loaded unshown leaves no line in a traceback."""
    stage.run.load("probe", "def f():\n    raise ValueError('x')\n", shown=False)
    outcome = stage.run.call("probe", "f")
    assert isinstance(outcome, Raised)
    assert outcome.lines == ()


def test_exit_is_an_exception(stage: Stage) -> None:
    """Leaving by sys.exit is an exception like any other, and the run goes on."""

    def candidate() -> None:
        raise SystemExit(3)

    outcome = stage(candidate)
    assert isinstance(outcome, Raised)
    assert outcome.types[0] == "SystemExit"
    assert stage.run.alive


def test_exception_that_cannot_be_told(stage: Stage) -> None:
    """An exception whose text cannot be made is still reported."""

    def candidate() -> None:
        class MuteError(Exception):
            def __str__(self) -> str:
                raise SystemExit

        raise MuteError

    outcome = stage(candidate)
    assert isinstance(outcome, Raised)
    assert outcome.types[0] == "MuteError"


def test_syntax_error_on_load(stage: Stage) -> None:
    """A module that does not parse is reported with the line of the error."""
    outcome = stage.run.load("broken", "x = 1\ny = = 2\n")
    assert isinstance(outcome, Raised)
    assert outcome.types[0] == "SyntaxError"
    assert outcome.lines[-1] == (2, "y = = 2")


def test_missing_function(stage: Stage) -> None:
    """Calling what the module does not define raises AttributeError."""
    stage.run.load("empty", "")
    outcome = stage.run.call("empty", "softmax")
    assert isinstance(outcome, Raised)
    assert outcome.types[0] == "AttributeError"


def test_timed_out(stage: Stage) -> None:
    """A call that does not end is killed at its wall."""

    def candidate() -> None:
        while True:
            pass

    stage.lane.limit(wall_s=0.2, memory_mb=stage.lane.limits.memory_mb)
    assert stage(candidate) == TimedOut(0.2)
    assert not stage.run.alive or stage.fresh().alive


@pytest.fixture
def crowd() -> Iterator[int]:
    """A CPU that three other processes want all of."""
    cpu = min(os.sched_getaffinity(0))
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(3)]
    for process in busy:
        os.sched_setaffinity(process.pid, {cpu})
    yield cpu
    for process in busy:
        process.kill()
        process.wait()


def test_starved(stage: Stage, crowd: int) -> None:
    """The time for which others keep a call from the CPU is not the call's; an endless one is killed."""

    def candidate(seconds: float) -> None:
        import time

        give_up_at = time.process_time() + seconds
        while time.process_time() < give_up_at:
            pass

    stage.lane.limit(wall_s=1.0, memory_mb=stage.lane.limits.memory_mb)
    run = stage.fresh()
    run.pin({crowd})
    started = time.monotonic()
    assert isinstance(stage(candidate, 0.7), Returned)
    assert time.monotonic() - started > 1.0, "nobody was in the way"
    assert stage(candidate, 1e9) == TimedOut(1.0)


def test_timed_out_on_load(stage: Stage) -> None:
    """A module whose import does not end is killed at its wall."""
    stage.lane.limit(wall_s=0.2, memory_mb=stage.lane.limits.memory_mb)
    assert stage.run.load("endless", "while True: pass") == TimedOut(0.2)


def test_timed_out_with_signals_blocked(stage: Stage) -> None:
    """Ignoring signals keeps nothing alive past its wall."""

    def candidate() -> None:
        import signal

        for number in range(1, 65):
            if number not in (9, 19, 32, 33):
                signal.signal(number, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
        while True:
            pass

    stage.lane.limit(wall_s=0.2, memory_mb=stage.lane.limits.memory_mb)
    assert stage(candidate) == TimedOut(0.2)


def test_out_of_memory_by_one_big_allocation(stage: Stage) -> None:
    """One allocation over the limit is out of memory, whichever library makes it; the run goes on."""

    def of_torch() -> None:
        import torch

        torch.ones(200 << 20, dtype=torch.uint8)

    def of_numpy() -> None:
        import numpy as np

        np.ones(200 << 20, dtype="u1")

    def of_python() -> None:
        bytearray(200 << 20)

    for candidate in (of_torch, of_numpy, of_python):
        assert isinstance(stage(candidate), OutOfMemory), candidate
    assert stage.run.alive


def test_out_of_memory_by_many_small_allocations(stage: Stage) -> None:
    """Many small allocations over the limit are out of memory, also when nothing is left to say so with."""

    def of_bytes() -> None:
        kept = []
        while True:
            kept.append(bytes(400))

    def of_tensors() -> None:
        import torch

        kept = []
        while True:
            kept.append(torch.zeros(1000))

    def kept_for_ever() -> None:
        import builtins

        builtins.kept = kept = []  # type: ignore[attr-defined]
        while True:
            kept.append([None] * 20)

    stage.lane.limit(wall_s=stage.lane.limits.wall_s, memory_mb=64)
    for candidate in (of_bytes, of_tensors, kept_for_ever):
        stage.fresh().begin(0)
        outcome = stage(candidate)
        assert isinstance(outcome, OutOfMemory), (candidate, outcome)


def test_out_of_memory_under_another_name(stage: Stage) -> None:
    """A library that has no memory left even to say so is out of memory, whatever exception or signal it ends in."""

    def of_modules() -> None:
        import torch

        kept = torch.nn.ModuleList()
        while True:
            kept.append(torch.nn.Linear(7, 9))

    def aborts() -> None:
        import os

        kept = []
        try:
            while True:
                kept.append(bytes(400))
        except MemoryError:
            os.abort()

    stage.lane.limit(wall_s=stage.lane.limits.wall_s, memory_mb=64)
    for candidate in (of_modules, aborts):
        stage.fresh().begin(0)
        outcome = stage(candidate)
        assert isinstance(outcome, OutOfMemory), (candidate, outcome)


def test_abort_with_memory_left(stage: Stage) -> None:
    """A signal that ends a run with memory to spare is a death."""

    def aborts() -> None:
        import os

        os.abort()

    stage.run.begin(0)
    assert isinstance(stage(aborts), Died)


def test_memory_bound_of_a_spare(stage: Stage) -> None:
    """A run that was forked ahead can still be given less memory than the lane has, and never more."""

    def candidate(megabytes: int) -> int:
        return len(bytearray(megabytes << 20))

    wall_s, whole = stage.lane.limits.wall_s, stage.lane.limits.memory_mb
    stage.lane.limit(wall_s=wall_s, memory_mb=50)
    stage.run.begin(0)
    assert stage(candidate, 30) == Returned(30 << 20)
    assert isinstance(stage(candidate, 60), OutOfMemory)
    stage.lane.limit(wall_s=wall_s, memory_mb=whole)
    stage.run.begin(0)
    assert isinstance(stage(candidate, 60), OutOfMemory)
    stage.fresh().begin(0)
    assert stage(candidate, 60) == Returned(60 << 20)


@pytest.mark.parametrize("how", ["shared", "growing", "zero device"])
def test_memory_that_rlimits_do_not_count(stage: Stage, how: str) -> None:
    """The kinds of memory that RLIMIT_DATA leaves out are not to be had."""

    def candidate(how: str) -> Any:
        import ctypes
        import os

        libc = ctypes.CDLL(None, use_errno=True)
        libc.mmap.restype = ctypes.c_long
        libc.mmap.argtypes = [ctypes.c_long] * 6
        flags = {"shared": 0x21, "growing": 0x122, "zero device": 0x01}[how]
        fd = -1
        if how == "zero device":
            try:
                fd = os.open("/dev/zero", os.O_RDWR)
            except OSError:
                return True
        return libc.mmap(0, 400 << 20, 3, flags, fd, 0) == -1

    assert stage.value(candidate, how) is True


def test_died_by_segfault(stage: Stage) -> None:
    """A segmentation fault is reported by its signal."""

    def candidate() -> None:
        import ctypes

        ctypes.string_at(0)

    assert stage(candidate) == Died(-signal.SIGSEGV)


def test_died_by_abort(stage: Stage) -> None:
    """An abort is reported as a death by a signal."""

    def candidate() -> None:
        import os

        os.abort()

    outcome = stage(candidate)
    assert isinstance(outcome, Died)
    assert outcome.status < 0


@pytest.mark.parametrize("status", [0, 3])
def test_died_by_exit(stage: Stage, status: int) -> None:
    """A process that ends behind our back is reported by its exit status, 0 too."""

    def candidate(status: int) -> None:
        import os

        os._exit(status)

    assert stage(candidate, status) == Died(status)


def test_died_in_a_thread(stage: Stage) -> None:
    """A process that a thread of its own ends is reported like any other."""

    def candidate() -> None:
        import os
        import threading

        threading.Thread(target=lambda: os._exit(5)).start()
        threading.Event().wait()

    assert stage(candidate) == Died(5)


def test_died_between_calls(stage: Stage) -> None:
    """A process that ended after its last answer is reported by the next call."""

    def candidate() -> None:
        import os
        import threading

        threading.Timer(0.05, lambda: os._exit(6)).start()

    assert stage(candidate) == Returned(None)
    select.select([stage.run.fileno()], [], [])
    assert stage.run.call("candidate1", "candidate") == Died(6)


def test_next_run_after_a_death(stage: Stage) -> None:
    """A lane whose run died forks another that works."""

    def die() -> None:
        import os

        os._exit(1)

    def live() -> int:
        return 1

    assert stage(die) == Died(1)
    assert stage(live) == Returned(1)


# --- the channel from inside --------------------------------------------------------------------


def send_from_inside(raw: bytes, then: str) -> None:
    """Candidate code: finds the channel among its descriptors, writes to it, and does as told."""
    import os

    import helper  # type: ignore[import-not-found]

    channel = helper.channel()
    os.write(channel, raw)
    if then == "close":
        os.close(channel)
    if then == "exit":
        os._exit(0)
    while then == "hang":
        pass


def frame(head: Any, payload: bytes = b"", *, claim: int | None = None) -> bytes:
    """A frame as the runner would send it."""
    from sandbox import wire

    encoded = wire.encode_head(head)
    size = len(payload) if claim is None else claim
    return wire.HEADER.pack(wire.MAGIC, len(encoded), size) + encoded + payload


REPLY = {"outcome": "returned", "printed": "", "notes": []}
RAISED = {"outcome": "raised", "types": ["E"], "message": "", "lines": [], "printed": "", "notes": []}
FORGED = {
    "garbage": b"\xff" * 100,
    "text": b"HTTP/1.1 200 OK\r\n\r\n",
    "a payload over the limit": frame(REPLY, claim=1 << 40),
    "no value": frame(REPLY, b"\xff" * 64),
    "no outcome": frame({}),
    "head is no dict": frame([]),
    "half a reply": frame({"outcome": "raised", "printed": "", "notes": []}),
    "printed is no text": frame(REPLY | {"printed": 5}),
    "notes are no list": frame(REPLY | {"notes": 5}),
    "notes are no texts": frame(REPLY | {"notes": [None]}),
    "an infinite line": frame(RAISED | {"lines": [(float("inf"), "")]}),
    "a negative line": frame(RAISED | {"lines": [(-1, "")]}),
    "lines are no pairs": frame(RAISED | {"lines": [1, 2]}),
    "lines are text": frame(RAISED | {"lines": "lines"}),
    "types are numbers": frame(RAISED | {"types": [1]}),
    "a head that is no JSON": frame(REPLY).replace(b"outcome", b'out"ome'),
    "a head nested without end": wire.HEADER.pack(wire.MAGIC, 1 << 16, 0) + b"[" * (1 << 16),
    "a number without end": wire.HEADER.pack(wire.MAGIC, 64 * 100, 0) + b'{"n":' + b"9" * (64 * 100 - 6) + b"}",
    "a tensor expanded without end": frame(REPLY),
}


@pytest.mark.parametrize("name", FORGED)
def test_forged_replies(stage: Stage, name: str) -> None:
    """Bytes that candidate code writes to the channel itself and that are no answer break the protocol."""
    from sandbox import wire

    raw = FORGED[name]
    if name == "a tensor expanded without end":
        expanded = wire.encode(torch.zeros(1).expand(1 << 40))
        raw = frame(REPLY, expanded)
    assert isinstance(stage(send_from_inside, raw, "hang"), BrokeProtocol)


def test_forged_reply_of_text_no_encoding_has(stage: Stage) -> None:
    """Half characters in an answer's texts are replaced, so that everything that writes them out can."""
    outcome = stage(send_from_inside, frame(RAISED | {"message": "\ud800", "types": ["\udfff"]}), "hang")
    assert outcome == Raised(("?",), "?")


def test_forged_reply_of_many_words(stage: Stage) -> None:
    """What an answer claims of an exception is kept to a length that can be passed on."""
    many = {"message": "m" * 100_000, "types": ["T"] * 1000, "lines": [(n, "x" * 1000) for n in range(500)]}
    outcome = stage(send_from_inside, frame(RAISED | many), "hang")
    assert isinstance(outcome, Raised)
    assert (len(outcome.message), len(outcome.types), len(outcome.lines)) == (16 * 1024, 100, 50)
    assert outcome.lines[-1] == (499, "x" * 200)


def test_half_a_frame(stage: Stage) -> None:
    """A frame that is cut off when the process ends breaks the protocol."""
    assert isinstance(stage(send_from_inside, frame(REPLY, claim=1000) + b"12345", "exit"), BrokeProtocol)


def test_half_a_frame_and_nothing_more(stage: Stage) -> None:
    """A frame that is never completed times out."""
    stage.lane.limit(wall_s=0.2, memory_mb=stage.lane.limits.memory_mb)
    assert stage(send_from_inside, frame(REPLY, claim=1000) + b"12345", "hang") == TimedOut(0.2)


def test_dripping_frame(stage: Stage) -> None:
    """A frame that trickles in a byte at a time does not put the wall off."""

    def candidate(raw: bytes) -> None:
        import os
        import time

        import helper

        channel = helper.channel()
        for byte in raw:
            os.write(channel, bytes([byte]))
            time.sleep(0.01)

    stage.lane.limit(wall_s=0.3, memory_mb=stage.lane.limits.memory_mb)
    assert stage(candidate, frame(REPLY, bytes(100_000))) == TimedOut(0.3)


def test_arguments_that_are_not_read(stage: Stage) -> None:
    """A run that stops reading its channel times out, however large the arguments are."""

    def candidate() -> None:
        import os
        import socket
        import threading

        import helper

        thief = socket.socket(fileno=os.dup(helper.channel()))
        threading.Thread(target=lambda: [thief.recv(1), threading.Event().wait()]).start()

    stage.lane.limit(wall_s=0.3, memory_mb=stage.lane.limits.memory_mb)
    assert stage(candidate) == Returned(None)
    calls = (stage.run.call("candidate1", "candidate", (torch.zeros(1 << 20),)) for _ in range(100))
    outcome = next(outcome for outcome in calls if not isinstance(outcome, Raised))  # at first the thief may be late
    assert isinstance(outcome, TimedOut | Died | BrokeProtocol)


def test_unsolicited_bytes(stage: Stage) -> None:
    """Bytes that wait before anything was asked break the protocol: no answer can be prepared in advance."""

    def candidate(raw: bytes) -> None:
        import os
        import threading

        import helper

        channel = helper.channel()
        threading.Timer(0.05, lambda: os.write(channel, raw)).start()

    assert stage(candidate, frame(REPLY)) == Returned(None)
    select.select([stage.run.fileno()], [], [])
    assert isinstance(stage.run.call("candidate1", "candidate", (b"",)), BrokeProtocol)


def test_closed_channel(stage: Stage) -> None:
    """A run that closes its channel is killed."""
    assert isinstance(stage(send_from_inside, b"", "close"), Died)


def test_descriptors_sent_along_are_dropped(stage: Stage) -> None:
    """Descriptors that candidate code passes over the channel never arrive."""

    def candidate(raw: bytes) -> None:
        import array
        import os
        import socket

        import helper

        channel = socket.socket(fileno=os.dup(helper.channel()))
        rights = array.array("i", [os.open("/tmp", os.O_RDONLY) for _ in range(20)])
        channel.sendmsg([raw], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
        while True:
            pass

    assert stage.run.alive
    before = len(os.listdir("/proc/self/fd"))
    assert stage(candidate, frame(REPLY)) == Returned(None)
    assert len(os.listdir("/proc/self/fd")) == before


def test_answers_that_are_too_large(stage: Stage) -> None:
    """An answer over the limit raises inside the run, in bytes or at its full size, and the run goes on."""

    def candidate(shape: list[int]) -> Any:
        import torch

        return torch.zeros(1, dtype=torch.uint8).expand(shape) if len(shape) > 1 else bytes(shape[0])

    for shape in ([17 * MB], [17, MB]):
        outcome = stage(candidate, shape)
        assert isinstance(outcome, Raised)
        assert outcome.types[0] == "ValueError"
        assert "more than" in outcome.message
    assert stage.run.alive


def test_arguments_that_are_too_large(stage: Stage) -> None:
    """Arguments over the limit are the caller's mistake, found before anything is sent."""

    def candidate(x: Any) -> None:
        pass

    with pytest.raises(ValueError, match="arguments"):
        stage(candidate, bytes(17 * MB))
    assert stage(candidate, 1) == Returned(None)


def test_rows_of_a_matrix_are_no_large_answer(stage: Stage) -> None:
    """The rows of a matrix, returned one by one, count once."""

    def candidate(x: Any) -> Any:
        return list(x)

    x = torch.randn(500, 1000)
    assert torch.equal(torch.stack(stage.value(candidate, x)), x)


# --- usage --------------------------------------------------------------------------------------


def test_cpu_time_counts_all_threads(stage: Stage) -> None:
    """CPU time read from outside covers the work of every thread, and no idle time."""

    def candidate(threads: int) -> None:
        import threading
        import time

        def work() -> None:
            while time.thread_time() < 0.05:
                pass

        started = [threading.Thread(target=work) for _ in range(threads)]
        for thread in started:
            thread.start()
        for thread in started:
            thread.join()
        time.sleep(0.2)

    stage(candidate, 0)
    spent = []
    for threads in (0, 1, 4):
        before = stage.run.cpu_ns()
        assert stage(candidate, threads) == Returned(None)
        spent.append((stage.run.cpu_ns() - before) / 1e6)
    assert spent[0] < 45 < spent[1] < 190 < spent[2]


def test_peak_memory(stage: Stage) -> None:
    """The memory peak read from outside stays when the memory is given back."""

    def candidate() -> None:
        import torch

        torch.ones(100 << 20, dtype=torch.uint8)

    start = stage.run.start
    assert stage(candidate) == Returned(None)
    usage = stage.run.usage()
    assert usage.peak_kb - start.resident_kb > 95 * 1024
    assert usage.resident_kb - start.resident_kb < 50 * 1024


def test_peak_memory_cannot_be_reset(stage: Stage) -> None:
    """Candidate code cannot forget its memory peak, nor change how the kernel sees its process."""

    def candidate() -> Any:
        import os

        import torch

        torch.ones(100 << 20, dtype=torch.uint8)
        opened = []
        for name in os.listdir("/proc/self"):
            try:
                os.close(os.open(f"/proc/self/{name}", os.O_WRONLY))
            except OSError:
                continue
            opened.append(name)
        return opened

    assert stage.value(candidate) == []
    assert stage.run.usage().peak_kb - stage.run.start.resident_kb > 95 * 1024


def test_clock_of_a_run_that_has_only_just_been_forked(stage: Stage) -> None:
    """A run's clock can be read from the first moment on, as a time that is not zero."""
    assert all(stage.fresh().cpu_ns() > 0 for _ in range(30))


def test_usage_of_a_run_that_is_gone(stage: Stage) -> None:
    """The clock of a run that was reaped cannot be read, and says so."""
    run = stage.run
    assert run.cpu_ns() > 0
    run.close()
    stage.lane.settle()
    with pytest.raises(LaneLost):
        run.cpu_ns()


def test_pinning(stage: Stage) -> None:
    """A run can be pinned to a CPU from outside and cannot undo it."""

    def candidate() -> Any:
        import contextlib
        import os

        before = os.sched_getaffinity(0)
        with contextlib.suppress(OSError):
            os.sched_setaffinity(0, range(8))
        return sorted(before), sorted(os.sched_getaffinity(0))

    cpu = min(os.sched_getaffinity(0))
    stage.run.pin({cpu})
    assert stage.value(candidate) == ([cpu], [cpu])


def test_pinning_while_threads_come_and_go(stage: Stage) -> None:
    """A thread that ends while the threads are pinned is no error."""

    def candidate() -> None:
        import threading

        def churn() -> None:
            while True:
                worker = threading.Thread(target=int)
                worker.start()
                worker.join()

        for _ in range(4):
            threading.Thread(target=churn, daemon=True).start()

    stage.value(candidate)
    for _ in range(300):
        stage.run.pin(os.sched_getaffinity(0))


def test_freezing(stage: Stage) -> None:
    """A frozen run stands still with all its threads, and goes on afterwards."""

    def candidate() -> None:
        import threading

        def spin() -> None:
            while True:
                pass

        threading.Thread(target=spin, daemon=True).start()

    def spent_ms() -> float:
        before = stage.run.cpu_ns()
        time.sleep(0.2)
        return (stage.run.cpu_ns() - before) / 1e6

    stage.value(candidate)
    with stage.run.frozen():
        time.sleep(0.1)
        assert spent_ms() < 1
    assert spent_ms() > 1
    assert stage.value(candidate) is None


# --- limits -------------------------------------------------------------------------------------


def test_scratch_bytes(stage: Stage) -> None:
    """/tmp holds as many bytes as it may, in however many files."""

    def candidate() -> Any:
        written = 0
        try:
            for index in range(40):
                with open(f"/tmp/{index}", "wb", buffering=0) as file:
                    written += file.write(bytes(1 << 20))
        except OSError as error:
            return written, error.errno
        return written, 0

    written, code = stage.value(candidate)
    assert code == errno.ENOSPC
    assert 7 * MB <= written <= 8 * MB


def test_scratch_inodes(stage: Stage) -> None:
    """/tmp holds as many files and folders as it may."""

    def candidate() -> Any:
        import os

        for index in range(1000):
            try:
                os.mkdir(f"/tmp/{index}")
            except OSError as error:
                return index, error.errno
        return 1000, 0

    made, code = stage.value(candidate)
    assert code == errno.ENOSPC
    assert 32 <= made < 64


def test_file_size(stage: Stage) -> None:
    """No file can be made larger than /tmp, not even one of holes."""

    def candidate() -> Any:
        with open("/tmp/holes", "wb") as file:
            try:
                file.truncate(1 << 40)
            except OSError as error:
                return error.errno
        return 0

    assert stage.value(candidate) == errno.EFBIG


def test_threads(stage: Stage) -> None:
    """Threads work, up to their number."""

    def candidate() -> Any:
        import threading

        done = threading.Event()
        started: list[threading.Thread] = []
        try:
            for _ in range(100):
                thread = threading.Thread(target=done.wait)
                thread.start()
                started.append(thread)
        except RuntimeError:
            pass
        done.set()
        for thread in started:
            thread.join()
        return len(started)

    assert 4 <= stage.value(candidate) < 16


def test_processes(stage: Stage) -> None:
    """No process can be started in any way."""

    def candidate() -> Any:
        import os
        import subprocess
        import sys

        ways: dict[str, Any] = {
            "fork": os.fork,
            "forkpty": os.forkpty,
            "exec": lambda: os.execv(sys.executable, ["python"]),
            "spawn": lambda: os.posix_spawn(sys.executable, ["python"], {}),
            "subprocess": lambda: subprocess.run([sys.executable], check=False),
            "system": lambda: None if os.system("true") else "started",
        }
        started = []
        for name, way in ways.items():
            try:
                if way() is not None:
                    started.append(name)
            except OSError:
                continue
        return started

    assert stage.value(candidate) == []


def test_open_files(stage: Stage) -> None:
    """Descriptors run out at their number."""

    def candidate() -> Any:
        import os

        opened = []
        try:
            while True:
                opened.append(os.open("/tmp", os.O_RDONLY))
        except OSError as error:
            code = error.errno
        for descriptor in opened:
            os.close(descriptor)
        return len(opened), code

    opened, code = stage.value(candidate)
    assert code == errno.EMFILE
    assert 40 < opened < 64


def test_output_flood(stage: Stage) -> None:
    """Printing without end costs nothing and brings back its beginning only."""

    def candidate() -> None:
        import os

        for _ in range(200):
            print("x" * 1_000_000)
            os.write(1, b"y" * 1_000_000)
            os.write(2, b"z" * 1_000_000)

    outcome = stage(candidate)
    assert isinstance(outcome, Returned)
    assert outcome.printed == "x" * (16 * 1024)


def test_bounds_beside_memory(stage: Stage) -> None:
    """Address space, stack, locked memory and core files are bounded, and no program is started for a core."""

    def candidate() -> Any:
        import resource

        kinds = (resource.RLIMIT_AS, resource.RLIMIT_STACK, resource.RLIMIT_MEMLOCK, resource.RLIMIT_CORE)
        return [resource.getrlimit(kind)[1] for kind in kinds]

    addresses, stack, locked, core = stage.value(candidate)
    assert 0 < addresses <= 1 << 37
    assert 0 < stack <= 64 * MB
    assert (locked, core) == (0, 1)


def test_limits_cannot_be_raised(stage: Stage) -> None:
    """Candidate code cannot raise a limit, nor its priority."""

    def candidate() -> Any:
        import os
        import resource

        raised = []
        for name in dir(resource):
            if name.startswith("RLIMIT_"):
                kind = getattr(resource, name)
                soft, hard = resource.getrlimit(kind)
                try:
                    resource.setrlimit(kind, (soft, hard + 1))
                except (ValueError, OSError, OverflowError):
                    continue
                if hard != resource.RLIM_INFINITY:
                    raised.append(name)
        try:
            os.nice(-1)
            raised.append("nice")
        except OSError:
            pass
        return raised

    assert stage.value(candidate) == []


# --- nothing survives ---------------------------------------------------------------------------


def test_nothing_survives_a_run(stage: Stage) -> None:
    """Files, environment, modules, patches, random state, folder and threads of one run are not there in the next."""

    def leave() -> None:
        import builtins
        import os
        import random
        import sys
        import threading

        import torch

        with open("/tmp/left", "w") as file:
            file.write("left")
        os.environ["LEFT"] = "left"
        sys.modules["left"] = sys
        builtins.left = 1  # type: ignore[attr-defined]
        torch.softmax = None  # type: ignore[assignment]
        torch.set_default_dtype(torch.float64)
        random.seed(5)
        os.mkdir("/tmp/folder")
        os.chdir("/tmp/folder")
        threading.Thread(target=threading.Event().wait, daemon=True).start()

    def look() -> Any:
        import builtins
        import os
        import sys
        import threading

        import torch

        return {
            "files": os.listdir("/tmp"),
            "environment": "LEFT" in os.environ,
            "module": "left" in sys.modules,
            "builtin": hasattr(builtins, "left"),
            "patch": torch.softmax is None,
            "dtype": str(torch.get_default_dtype()),
            "folder": os.getcwd(),
            "threads": threading.active_count(),
        }

    clean = {
        "files": [], "environment": False, "module": False, "builtin": False, "patch": False, "dtype": "torch.float32",
        "folder": "/tmp", "threads": 1,
    }  # fmt: skip
    assert stage.value(look) == clean
    assert stage(leave) == Returned(None)
    stage.fresh()
    assert stage.value(look) == clean


def test_process_is_gone_after_a_run(stage: Stage) -> None:
    """When a run is over its process is gone from the host, busy threads and all."""

    def candidate() -> None:
        import threading

        def spin() -> None:
            while True:
                pass

        for _ in range(3):
            threading.Thread(target=spin, daemon=True).start()

    assert stage(candidate) == Returned(None)
    pid = stage.run.pid
    assert os.path.exists(f"/proc/{pid}")
    stage.run.close()
    stage.lane.settle()
    assert not os.path.exists(f"/proc/{pid}")


def test_seeds(stage: Stage) -> None:
    """A seed fixes every generator; runs forked from one zygote with one seed draw the same numbers."""

    def candidate() -> Any:
        import random

        import numpy as np
        import torch

        return random.random(), float(np.random.rand()), torch.rand(2)

    drawn = []
    for number in (1, 2, 1):
        assert stage.fresh().begin(number) == Returned(None)
        drawn.append(stage.value(candidate))
    assert drawn[0][:2] == drawn[2][:2] != drawn[1][:2]
    assert torch.equal(drawn[0][2], drawn[2][2])


# --- nothing is seen ----------------------------------------------------------------------------


def test_no_other_process_is_visible(stage: Stage) -> None:
    """A run sees itself alone: no other process in /proc, no parent, nothing to signal."""

    def candidate() -> Any:
        import os

        try:
            os.kill(-1, 0)
            reached = True
        except ProcessLookupError:
            reached = False
        found = [name for name in os.listdir("/proc") if name.isdigit()]
        return found, os.getpid(), os.getppid(), reached

    spare_is_there = stage.run
    stage.lane.prefork()
    assert spare_is_there.alive
    assert stage.value(candidate) == (["1"], 1, 0, False)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM, signal.SIGINT, signal.SIGUSR1])
def test_signals_reach_nobody_else(stage: Stage, number: int) -> None:
    """A signal to the process group reaches neither the zygote nor the spare, which is the next submission's run."""

    def candidate(number: int) -> None:
        import os
        import signal

        if number not in (9, 19):
            signal.signal(number, signal.SIG_IGN)
        os.kill(0, number)

    stage.lane.prefork()
    assert stage.run.alive
    stage.lane.prefork()
    stage(candidate, int(number))
    stage.fresh()
    assert stage(candidate, int(signal.SIGCONT)) == Returned(None)


def test_no_network(stage: Stage) -> None:
    """No socket can be made, so there is nothing to reach."""

    def candidate() -> Any:
        import socket

        made = []
        for family in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX, socket.AF_NETLINK, socket.AF_PACKET):
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW):
                try:
                    socket.socket(family, kind)
                    made.append((int(family), int(kind)))
                except OSError:
                    continue
        try:
            socket.create_connection(("127.0.0.1", 22), timeout=1)
            made.append((0, 0))
        except OSError:
            pass
        return made

    assert stage.value(candidate) == []


def test_no_host_files(stage: Stage, tmp_path: Path) -> None:
    """The root holds what Python and torch need, and nothing else of the host."""
    secret = tmp_path / "secret"
    secret.write_text("secret")

    def candidate(paths: list[str]) -> Any:
        import os

        return sorted(os.listdir("/")), [path for path in paths if os.path.exists(path)]

    hidden = [str(secret), "/etc", "/home", "/root", "/sys", "/run", "/var", "/work", "/opt", "/boot", "/mnt", "/srv"]
    hidden += ["/usr/bin", "/usr/share", "/bin/sh", "/dev/zero", "/dev/kmsg", "/dev/mem", "/dev/ptmx", "/proc/sys"]
    root, found = stage.value(candidate, hidden)
    assert set(root) <= {"dev", "forwardpass", "lib", "lib32", "lib64", "proc", "python", "site", "tmp", "usr"}
    assert found == []


def test_no_grader(stage: Stage) -> None:
    """Nothing of the grader, the tasks, the tests or pytest can be imported or found in any folder."""

    def candidate() -> Any:
        import glob
        import importlib.util
        import os

        kinds = ("site", "dist")
        names = ("grader", "tasks", "tests", "api", "bench", "pytest", "_pytest", "pip", "mypy")
        importable = [name for name in names if importlib.util.find_spec(name)]
        libraries = glob.glob("/python/lib/python*") + glob.glob("/usr/lib*/python*")
        folders = ["/site", *libraries, *(f"{library}/{kind}-packages" for library in libraries for kind in kinds)]
        lying = [f"{folder}/{name}" for folder in folders for name in names if os.path.exists(f"{folder}/{name}")]
        return importable, lying, sorted(os.listdir("/forwardpass"))

    assert stage.value(candidate) == ([], [], ["sandbox"])


def test_environment_is_constant(stage: Stage) -> None:
    """The service's environment and command line are nowhere to be seen."""

    def candidate() -> Any:
        import os

        raw = b""
        for name in ("environ", "cmdline", "status", "mounts", "cgroup"):
            with open(f"/proc/1/{name}", "rb") as file:
                raw += file.read()
        return dict(os.environ), raw

    environment, raw = stage.value(candidate)
    assert set(environment) <= {
        "PATH", "HOME", "TMPDIR", "LANG", "LC_CTYPE", "PWD", "PYTHONPATH", "PYTHONHASHSEED", "OMP_NUM_THREADS",
        "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TORCH_COMPILE_DISABLE", "TRITON_CACHE_DIR", "TRITON_INTERPRET",
        "KMP_DUPLICATE_LIB_OK", "KMP_INIT_AT_FORK",
        "MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "THP_MEM_ALLOC_ENABLE",
    }  # fmt: skip
    assert b"canary" not in raw
    assert not any("canary" in value for value in environment.values())


def test_read_only(stage: Stage) -> None:
    """Nothing but /tmp can be written, made, renamed or deleted, wherever a file system is mounted."""

    def candidate() -> Any:
        import os

        with open("/proc/self/mounts") as mounts:
            points = [line.split()[1] for line in mounts]
        folders = {"/", "/dev", "/dev/shm", "/usr/lib", "/site/torch", "/forwardpass/sandbox", "/python/lib", *points}
        written = []
        for folder in sorted(folders - {"/tmp"}):
            for path, flags in ((folder, os.O_WRONLY), (f"{folder}/new", os.O_WRONLY | os.O_CREAT)):
                try:
                    os.close(os.open(path, flags))
                    written.append(path)
                except OSError:
                    continue
        changes: tuple[Any, ...] = (
            lambda: os.remove("/forwardpass/sandbox/wire.py"),
            lambda: os.rename("/forwardpass/sandbox", "/forwardpass/other"),
            lambda: os.chmod("/forwardpass/sandbox/wire.py", 0o777),
            lambda: os.link("/forwardpass/sandbox/wire.py", "/tmp/wire.py"),
            lambda: os.utime("/forwardpass/sandbox/wire.py"),
            lambda: os.mkdir("/new"),
        )
        for index, change in enumerate(changes):
            try:
                change()
                written.append(f"change {index}")
            except OSError:
                continue
        return [path for path in written if path not in ("/dev/null", "/dev/random", "/dev/urandom")]

    assert stage.value(candidate) == []


def test_no_privileges(stage: Stage) -> None:
    """A run has no capability, cannot gain one, and is filtered; on the host it is an ordinary user."""

    def candidate() -> Any:
        with open("/proc/self/status") as status:
            fields = dict(line.split(":", 1) for line in status)
        names = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp")
        return [int(fields[name], 16) for name in names]

    assert stage.value(candidate) == [0, 0, 0, 0, 0, 1, 2]
    assert os.stat(f"/proc/{stage.run.pid}").st_uid != 0


def test_no_shared_memory(stage: Stage) -> None:
    """A run has no memory in common with the zygote or another run."""

    def candidate() -> Any:
        with open("/proc/self/maps") as maps:
            return [line for line in maps if line.split()[1] in ("rw-s", "rwxs", "-w-s")]

    assert stage.value(candidate) == []


def test_only_its_own_descriptors(stage: Stage) -> None:
    """A run has the null device thrice, its channel, and no other descriptor."""

    def candidate() -> Any:
        import os

        links = []
        for name in os.listdir("/proc/self/fd"):
            try:
                links.append(os.readlink(f"/proc/self/fd/{name}").split(":")[0])
            except OSError:  # that of the listing itself
                continue
        return sorted(links)

    assert stage.value(candidate) == ["/dev/null", "/dev/null", "/dev/null", "socket"]


# --- arguments changed in place -----------------------------------------------------------------


def adds(x: Any) -> None:
    """Candidate code."""
    x += 1


def reads(x: Any) -> Any:
    """Candidate code."""
    return x + 1


def changes_last_element(x: Any) -> None:
    """Candidate code."""
    x[-1, -1] = 7


def negates(x: Any) -> None:
    """Candidate code."""
    x.neg_()


def reshapes(x: Any) -> None:
    """Candidate code."""
    x.unsqueeze_(0)


def requires_grad(x: Any) -> None:
    """Candidate code."""
    x.requires_grad_()
    x.sum().backward()


def appends(x: Any) -> None:
    """Candidate code."""
    x.append(1)


def swaps(x: Any) -> None:
    """Candidate code."""
    x[0], x[1] = x[1], x[0]


def zeros_inside(x: Any) -> None:
    """Candidate code."""
    x["a"][0].zero_()


def adds_key(x: Any) -> None:
    """Candidate code."""
    x["new"] = 1


def puts_back(x: Any) -> None:
    """Candidate code."""
    x["a"] = x.pop("a")


def sorts(x: Any) -> None:
    """Candidate code."""
    x.sort()


def copies(x: Any) -> Any:
    """Candidate code."""
    x = x.copy()
    x[:1] = [0]
    return x


NAN = float("nan")
#: By name: an argument, what candidate code does to it, and whether that is a change in place.
CHANGES: dict[str, tuple[Any, Callable[[Any], Any], bool]] = {
    "tensor": (torch.zeros(3), adds, True),
    "tensor read": (torch.zeros(3), reads, False),
    "last element of a large tensor": (torch.zeros(500, 500), changes_last_element, True),
    "transposed tensor": (torch.arange(6.0).reshape(2, 3).T, changes_last_element, True),
    "tensor with gaps": (torch.zeros(6, 6)[::2, ::2], changes_last_element, True),
    "tensor with an offset read": (torch.zeros(6)[3:], reads, False),
    "sign of zero": (torch.zeros(3), negates, True),
    "boolean tensor read": (torch.ones(3, dtype=torch.bool), reads, False),
    "bfloat16 tensor": (torch.zeros(3, dtype=torch.bfloat16), adds, True),
    "shape": (torch.zeros(3), reshapes, True),
    "NaN read": (torch.tensor([NAN, 1.0]), reads, False),
    "requires_grad": (torch.ones(3), requires_grad, False),
    "list": ([1, 2], appends, True),
    "order of a list": ([1, 2], swaps, True),
    "NaN in a list read": ([NAN, 1.0], copies, False),
    "inside containers": ({"a": (torch.ones(2),)}, zeros_inside, True),
    "dict": ({"a": 1}, adds_key, True),
    "dict put back": ({"a": 1}, puts_back, False),
    "order of a dict": ({"a": 1, "b": 2}, puts_back, True),
    "numpy": (np.array([3, 1, 2]), sorts, True),
    "numpy copied": (np.array([3, 1, 2]), copies, False),
    "numpy NaN read": (np.array([NAN]), reads, False),
}


@pytest.mark.parametrize("name", CHANGES)
def test_changed_arguments(stage: Stage, name: str) -> None:
    """A watched call tells whether an argument was changed in place."""
    argument, candidate, changed = CHANGES[name]
    outcome = stage(candidate, argument, watch=True)
    assert isinstance(outcome, Returned), outcome
    assert outcome.mutated is changed


def test_unwatched_calls(stage: Stage) -> None:
    """A call that is not watched reports no change, and whatever it did, the caller's own value stays."""
    argument = torch.zeros(3)
    assert stage(adds, argument) == Returned(None, mutated=False)
    assert torch.equal(argument, torch.zeros(3))


# --- lanes and the pool -------------------------------------------------------------------------


def test_zygote_is_single_threaded(stage: Stage, zygote_of: Callable[[Run], int]) -> None:
    """The zygote has one thread, or locks that others held would stay locked in every run."""
    assert len(os.listdir(f"/proc/{zygote_of(stage.run)}/task")) == 1


def test_killed_zygote(pool: Pool, zygote_of: Callable[[Run], int]) -> None:
    """A lane whose zygote is killed is lost to its borrower, and the next borrower gets a sound one."""
    before = pool.replaced
    with pytest.raises(LaneLost), pool.lane() as lane:  # noqa: PT012  # it may be noticed in any of these
        run = lane.run()
        os.kill(zygote_of(run), signal.SIGKILL)
        for _ in range(3):
            run.load("m", "")
            run.close()
            run = lane.run()
    assert pool.replaced == before + 1
    for _ in range(pool.size):
        with pool.lane() as lane:
            run = lane.run()
            assert run.load("m", "x = 1") == Returned(None)
            run.close()


def test_two_lanes_at_once(pool: Pool) -> None:
    """Two lanes used at once, one of them badly, do not disturb each other."""
    both = threading.Barrier(2)
    wrong: list[Any] = []

    def good() -> None:
        with pool.lane() as lane:
            both.wait()
            for n in range(8):
                run = lane.run()
                run.load("m", "def f(x): return x * 2")
                outcome = run.call("m", "f", (torch.full((100,), n),))
                if not (isinstance(outcome, Returned) and bool((outcome.value == 2 * n).all())):
                    wrong.append(outcome)
                run.close()

    def bad() -> None:
        with pool.lane() as lane:
            both.wait()
            for source, kind in (("import os; os._exit(1)", Died), ("bytearray(1 << 30)", OutOfMemory)) * 4:
                run = lane.run()
                outcome = run.load("m", source)
                if not isinstance(outcome, kind):
                    wrong.append(outcome)
                run.close()

    threads = [threading.Thread(target=work) for work in (good, bad)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_lanes_do_not_see_each_other(pool: Pool) -> None:
    """Two lanes share no file, no process and, started by root, no user on the host."""
    with pool.lane() as one, pool.lane() as two:
        runs = [one.run(), two.run()]
        assert runs[0].load("m", "open('/tmp/mark', 'w').close()") == Returned(None)
        source = "import os\ndef f(): return os.listdir('/tmp'), [n for n in os.listdir('/proc') if n.isdigit()]"
        assert runs[1].load("m", source) == Returned(None)
        assert runs[1].call("m", "f") == Returned(([], ["1"]))
        if os.geteuid() == 0:
            assert len({os.stat(f"/proc/{run.pid}").st_uid for run in runs}) == 2
        for run in runs:
            run.close()


def open_descriptors() -> list[str]:
    """What this process has open."""
    links = []
    for name in os.listdir("/proc/self/fd"):
        try:
            links.append(os.readlink(f"/proc/self/fd/{name}"))
        except OSError:
            continue
    return sorted(link.split(":")[0] for link in links)


def footprint() -> dict[str, Any]:
    """All that this process's lanes have on the host, as far as it can be seen."""
    me = str(os.getpid())
    mounts = Path("/proc/self/mountinfo").read_text().splitlines()
    return {
        "descriptors": open_descriptors(),
        "mounts": [line for line in mounts if "/docker/" not in line],  # other users of the engine come and go
        "cgroups": sorted(str(path) for path in Path("/sys/fs/cgroup").glob(f"**/forwardpass-{me}-*")),
        "folders": sorted(str(path) for path in Path("/tmp").glob(f"forwardpass-*{me}-*")),
        "children": Path(f"/proc/{me}/task/{me}/children").read_text(),
    }


def mounts_of(pid: int) -> list[str]:
    """The mount points a process sees."""
    return [line.split()[4] for line in Path(f"/proc/{pid}/mountinfo").read_text().splitlines()]


def memory_of(pid: int) -> int:
    """The resident memory of a process in kilobytes."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def test_nothing_leaks(backend: Backend, pool: Pool, zygote_of: Callable[[Run], int]) -> None:
    """Over 200 runs nothing piles up, here or in the lane, and a closed pool leaves nothing on the host."""
    assert pool.size == 2  # and warm, so that its own lanes do not come up meanwhile
    backend.start().stop()  # whatever a first start leaves for the second
    before = footprint()

    def one_run(lane: Any, n: int) -> int:
        run = lane.run()
        lane.prefork()
        run.load("m", "import threading\ndef f(x): return x + 1")
        run.call("m", "f", (torch.zeros(1000),))
        if n % 10 == 0:
            run.load("n", "import os; os._exit(1)")
        zygote = zygote_of(run) if run.alive else 0
        run.close()
        lane.settle()
        return zygote

    with Pool(backend, 1) as own:
        with own.lane() as lane:
            zygote = max(one_run(lane, n) for n in range(1, 30))
            here = open_descriptors(), memory_of(os.getpid())
            there = os.listdir(f"/proc/{zygote}/fd"), mounts_of(zygote), memory_of(zygote)
            for n in range(1, 200):
                one_run(lane, n)
            assert open_descriptors() == here[0]
            assert memory_of(os.getpid()) - here[1] < 8 * 1024
            assert os.listdir(f"/proc/{zygote}/fd") == there[0]
            assert mounts_of(zygote) == there[1]
            assert memory_of(zygote) - there[2] < 4 * 1024
            children = Path(f"/proc/{zygote}/task/{zygote}/children").read_text().split()
            assert len(children) <= 1  # the spare
        ended = os.pidfd_open(zygote)
    with open(ended, closefd=True):
        assert select.select([ended], [], [], 60)[0]
    assert footprint() == before
