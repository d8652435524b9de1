"""What runs beside candidate code, taken by itself."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pytest
import torch

from sandbox import devices, runner, wire


@pytest.fixture
def loaded() -> Iterator[None]:
    """Forgets the modules that the test loads."""
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        del sys.modules[name]
        runner._loaded.pop(name, None)


@pytest.fixture
def notes() -> Iterator[list[str]]:
    """The notes, empty before and after."""
    runner._notes.clear()
    yield runner._notes
    runner._notes.clear()


def test_printed_keeps_its_beginning() -> None:
    """What is printed is kept up to its limit, and the room is there again for the next call."""
    printed = runner.Printed()
    assert printed.write("ab") == 2
    for _ in range(100):
        assert printed.write("x" * 1000) == 1000
    first = printed.take()
    assert first.startswith("abxxx")
    assert len(first) == runner.MAX_PRINTED
    printed.write("next")
    assert printed.take() == "next"
    assert printed.take() == ""


def test_printed_is_a_text_stream() -> None:
    """print, flush and isatty do what they do on any stream."""
    printed = runner.Printed()
    print("a", 1, file=printed, flush=True)
    assert printed.writable()
    assert not printed.isatty()
    assert printed.take() == "a 1\n"


def test_notes_are_few_and_short(notes: list[str]) -> None:
    """A note is made once; very many and very long ones are cut."""
    runner.note("same")
    runner.note("same")
    runner.note("x" * 10_000)
    for n in range(1000):
        runner.note(str(n))
    assert notes[0] == "same"
    assert len(notes) == 100
    assert len(notes[1]) == 500


def test_loading(loaded: None) -> None:
    """A loaded module can be imported by others and is executed with its own name, without our own future imports."""
    runner.load("fp_one", b"import fp_one\nname = __name__\ndef f(x: int): pass")
    runner.load("fp_two", b"from fp_one import name, f\nkind = f.__annotations__['x']")
    assert (sys.modules["fp_two"].name, sys.modules["fp_two"].kind) == ("fp_one", int)


def test_loading_a_byte_order_mark(loaded: None) -> None:
    """A file that an editor began with a byte order mark loads."""
    runner.load("fp_mark", b"\xef\xbb\xbfx = 1")
    assert sys.modules["fp_mark"].x == 1


def test_loading_ignores_coding_cookies(loaded: None) -> None:
    """A coding cookie does not turn comments into code: source is UTF-8, always."""
    runner.load("fp_cookie", b"# coding: utf-7\nx = 1 # +AAo-x = 2\n")
    assert sys.modules["fp_cookie"].x == 1


def test_loading_what_is_not_utf8(loaded: None) -> None:
    """Source that is not UTF-8 does not load."""
    with pytest.raises(UnicodeDecodeError):
        runner.load("fp_latin", b"x = '\xe9'")


def test_calling(loaded: None) -> None:
    """A call reaches a loaded module before an imported one, and passes another module along."""
    runner.load("fp_candidate", b"def f(x, *, k=0): return x + k")
    runner.load("fp_probe", b"def g(m, x): return m.f(x) * 10")
    assert runner.call({"module": "fp_candidate", "function": "f"}, (1,), {"k": 2}) == 3
    assert runner.call({"module": "fp_probe", "function": "g", "beside": "fp_candidate"}, (1,), {}) == 10


def test_same() -> None:
    """Arguments that were decoded and left alone are the same; with any change they are not."""
    payload = memoryview(bytearray(wire.encode((([1.0, "a"], {"k": b"v"}), {"x": None}))))
    args = wire.decode(payload, copy=True)
    assert runner._same(payload, args)
    args[0][0][0] = -1.0
    assert not runner._same(payload, args)


@pytest.mark.parametrize(
    "text",
    [
        "CPUAllocator: can't allocate memory: x",
        "[enforce fail at alloc_cpu.cpp:127] ",
        "std::bad_alloc",
        "not enough memory: y",
        "<f> returned NULL without setting an exception",
    ],
)
def test_failures_for_memory(text: str) -> None:
    """Every library's way to say that memory ran out is out of memory."""
    assert runner._failure(RuntimeError(text))["outcome"] == "memory"
    assert runner._failure(MemoryError())["outcome"] == "memory"
    assert runner._failure(RuntimeError("shape"))["outcome"] == "raised"


def test_long_messages_are_cut() -> None:
    """The text of an exception is cut."""
    assert len(runner._failure(ValueError("x" * 100_000))["message"]) == runner.MAX_MESSAGE


@pytest.mark.parametrize("operation", ["call", "null"])
def test_waiting_for_the_device(operation: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tensors are on the device before a call, and its work is waited for before the answer."""
    done: list[str] = []

    def moved(value: Any, device: str) -> Any:
        done.append(f"moved to {device}")
        return value

    monkeypatch.setattr(devices, "moved", moved)
    monkeypatch.setattr(devices, "settle", lambda device: done.append(f"waited for {device}"))
    monkeypatch.setattr(runner, "call", lambda head, args, kwargs: done.append("called"))
    payload = memoryview(wire.encode(((1,), {})))
    head = {"op": operation, "module": "m", "function": "f", "device": "cuda"}
    runner._answer(head, payload)
    assert done == ["moved to cuda", *(["called"] if operation == "call" else []), "waited for cuda"]


def test_changes_on_the_device(loaded: None) -> None:
    """An argument that was changed on the device is found changed, one of strange strides that was not is not."""
    runner.load("fp_device", b"def same(x): return 1\ndef other(x): x.add_(1)")
    payload = memoryview(bytearray(wire.encode(((torch.zeros(6, 5)[1::2, ::3],), {}))))
    for function, mutated in (("same", False), ("other", True)):
        head = {"op": "call", "module": "fp_device", "function": function, "watch": True, "device": "cpu"}
        assert runner._answer(head, payload)[0] == {"mutated": mutated}
