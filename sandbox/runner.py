"""Inside a run: loads modules and answers calls until the channel closes.

Everything here shares a process with candidate code, so nothing it says is believed: it is the candidate's own word
about what the candidate's code returned. The trusted side decodes it with bounds, judges the value, and reads clock
and memory itself.
"""

from __future__ import annotations

import contextlib
import gc
import io
import linecache
import math
import mmap
import resource
import socket
import sys
import traceback
import types
from collections.abc import Callable
from typing import Any, Final

from sandbox import devices, kernel, wire
from sandbox.errors import WireError

MAX_PRINTED: Final = 16 * 1024
MAX_MESSAGE: Final = 2000
MAX_LINES: Final = 20
#: Kept free so that a run out of memory can still say so; never touched, so it costs address space only.
RESERVE: Final = 4 << 20
#: A run with less than this left had no memory for what failed, whatever the failure calls itself. An allocator asks
#: for up to 1 MB at a time.
SCARCE: Final = 2 << 20
#: How libraries put it; the last two are the interpreter's, of an extension that could not even make its `MemoryError`.
OUT_OF_MEMORY: Final = (
    *("can't allocate memory", "alloc_cpu.cpp", "not enough memory", "std::bad_alloc"),
    *("without exception set", "without setting an exception"),
)

_notes: list[str] = []
_loaded: dict[str, types.ModuleType] = {}
_shown: set[str] = set()


def note(text: str) -> None:
    """Have the reply to the current call carry `text`; for helpers that watch from inside."""
    if len(_notes) < 100 and text not in _notes:
        _notes.append(text[:500])


class Printed(io.TextIOBase):
    """Stands for stdout and stderr: keeps the first `MAX_PRINTED` characters between calls, drops the rest."""

    def __init__(self) -> None:
        self._kept: list[str] = []
        self._room = MAX_PRINTED

    def write(self, text: str) -> int:
        """Keep what there is room for."""
        if self._room > 0:
            self._kept.append(str(text)[: self._room])
            self._room -= len(text)
        return len(text)

    def writable(self) -> bool:
        """It is."""
        return True

    def take(self) -> str:
        """What was written since the last call."""
        text, self._kept, self._room = "".join(self._kept), [], MAX_PRINTED
        return text


def begin(seed: int, memory_mb: int) -> None:
    """Seed every generator; let private memory grow by `memory_mb` from here, but never by more than before."""
    import random

    import numpy
    import torch

    random.seed(seed)
    numpy.random.seed(seed & 0xFFFFFFFF)
    torch.default_generator.manual_seed(seed)
    bound = kernel.private_bytes() + (memory_mb << 20)
    if bound < resource.getrlimit(resource.RLIMIT_DATA)[1]:
        resource.setrlimit(resource.RLIMIT_DATA, (bound, bound))


def load(name: str, source: bytes, *, shown: bool = False) -> None:
    """Execute `source` as module `name`; if `shown`, its frames show their lines in tracebacks."""
    module = types.ModuleType(name)
    module.__file__ = f"{name}.py"
    if shown:
        _shown.add(module.__file__)
    text = source.decode("utf-8-sig")
    linecache.cache[module.__file__] = (len(text), None, text.splitlines(keepends=True), module.__file__)
    sys.modules[name] = _loaded[name] = module
    exec(compile(text, module.__file__, "exec", dont_inherit=True), module.__dict__)


def call(head: dict[str, Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call a function of a loaded module, with another module as first argument if the head names one."""
    function = getattr(_module(head["module"]), head["function"])
    if head.get("beside"):
        args = (_module(head["beside"]), *args)
    return function(*args, **kwargs)


def _module(name: str) -> types.ModuleType:
    return _loaded[name] if name in _loaded else sys.modules[name]


def _same(payload: memoryview, arguments: Any) -> bool:
    """Whether the arguments still encode to the bytes they were decoded from, gradients' flags aside."""
    encoded = wire.Encoder(arguments)
    size = int.from_bytes(payload[:4], "little")
    if encoded.tree != payload[8 : 8 + size]:
        return False
    start = 8 + size + 4 * int.from_bytes(payload[4:8], "little")
    start += -start % wire.ALIGN
    for buffer in encoded.buffers:
        raw = memoryview(buffer).cast("B")
        if raw != payload[start : start + len(raw)]:
            return False
        start += len(raw)
    return True


def _answer(head: dict[str, Any], payload: memoryview) -> tuple[dict[str, Any], Any]:
    """Do what one frame asks; the reply's head and value."""
    operation = head["op"]
    if operation == "load":
        load(head["name"], bytes(payload), shown=head["shown"])
        return {}, None
    if operation == "begin":
        begin(head["seed"], head["memory_mb"])
        return {}, None
    device = head.get("device", "")
    watch = bool(head.get("watch"))
    args, kwargs = devices.moved(wire.decode(payload, copy=watch), device)
    value = _first(args) if operation == "null" else call(head, args, kwargs)
    devices.settle(device)
    mutated = watch and not _same(payload, devices.moved((args, kwargs), device and "cpu"))
    return {"mutated": mutated}, value


def _first(args: tuple[Any, ...]) -> Any:
    """What a null call answers: it shows what a call costs that only has its arguments moved there and back."""
    return args[0] if args else None


def _failure(error: BaseException) -> dict[str, Any]:
    names = [t.__name__ for t in type(error).__mro__]
    message = _text(error)
    if isinstance(error, MemoryError) or any(sign in message for sign in OUT_OF_MEMORY) or _free() < RESERVE + SCARCE:
        return {"outcome": "memory", "message": message}
    return {"outcome": "raised", "types": names, "message": message, "lines": _lines(error)}


def _free() -> float:
    """Bytes of private memory that may still be mapped."""
    bound = resource.getrlimit(resource.RLIMIT_DATA)[0]
    return math.inf if bound == resource.RLIM_INFINITY else bound - kernel.private_bytes()


def _text(error: BaseException) -> str:
    try:
        return str(error)[:MAX_MESSAGE]
    except BaseException:  # __str__ is candidate code too
        return "(its text could not be made)"


def _lines(error: BaseException) -> list[tuple[int, str]]:
    """Where the traceback passes through loaded modules; a syntax error's own place last."""
    steps = [(frame.f_code.co_filename, number) for frame, number in traceback.walk_tb(error.__traceback__)]
    lines = [(n, linecache.getline(name, n).strip()[:200]) for name, n in steps[-MAX_LINES:] if name in _shown]
    if isinstance(error, SyntaxError) and error.filename in _shown:
        lines.append((error.lineno or 0, (error.text or "").strip()[:200]))
    return lines


def _encode(reply: dict[str, Any], value: Any, limit: int) -> tuple[dict[str, Any], list[wire.Buffer]]:
    encoded = wire.Encoder(value, offsets=False)
    parts = encoded.parts()
    size = max(encoded.claimed, sum(memoryview(p).nbytes for p in parts))
    if size > limit:
        message = f"the answer takes {size} bytes, more than the {limit} allowed"
        return {"outcome": "raised", "types": ["ValueError", "Exception"], "message": message, "lines": []}, []
    return {"outcome": "returned", **reply}, parts


def _reserve() -> mmap.mmap:
    return mmap.mmap(-1, RESERVE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)


def serve(channel: socket.socket, limit: int) -> None:
    """Answer frames until the other side closes the channel."""
    printed = Printed()
    sys.stdout = sys.stderr = printed
    answer: Callable[[dict[str, Any], memoryview], tuple[dict[str, Any], Any]] = _answer
    reserve = _reserve()
    while True:
        try:
            head, payload = wire.receive_frame(channel, limit)
        except (EOFError, WireError, OSError):
            return
        parts: list[wire.Buffer] = []
        try:
            reply, parts = _encode(*answer(head, payload), limit)
        except BaseException as error:  # SystemExit and KeyboardInterrupt are answers of candidate code too
            reserve.close()
            reply = _failure(error)
        reply |= {"printed": printed.take(), "notes": list(_notes)}
        _notes.clear()
        try:
            wire.send_frame(channel, reply, parts)
        except OSError:
            return
        del payload, parts, reply
        if reserve.closed:
            with contextlib.suppress(OSError):
                reserve = _reserve()


def freeze() -> None:
    """Take everything the zygote has out of the collector's sight, so that children do not copy it."""
    gc.collect()
    gc.freeze()
