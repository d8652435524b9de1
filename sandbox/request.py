"""What can be asked of a run, and what its untrusted replies are made into."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from sandbox import wire
from sandbox.errors import WireError
from sandbox.limits import Outcome, OutOfMemory, Raised, Returned

#: What is kept of the words and lines in a reply; an honest one has fewer.
MOST_CHARACTERS: Final = 16 * 1024
MOST_TEXTS: Final = 100
MOST_LINES: Final = 50
MOST_OF_A_LINE: Final = 200


@dataclass(frozen=True)
class Setup:
    """A call that a run can be asked to make before it says hello, so that a spare is ready for what is to come.

    Attributes:
        args: what JSON can hold, so no tuples in it.
    """

    module: str
    function: str
    args: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Request:
    """Something to ask of a run: a frame's head and payload."""

    head: dict[str, Any]
    payload: list[wire.Buffer] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Bytes of the payload."""
        return sum(memoryview(part).nbytes for part in self.payload)

    @classmethod
    def begin(cls, seed: int, memory_mb: int) -> Request:
        """Seed torch, numpy and random, and bound memory from here; before anything is loaded."""
        return cls({"op": "begin", "seed": seed, "memory_mb": memory_mb})

    @classmethod
    def load(cls, name: str, source: str | bytes, *, shown: bool = True) -> Request:
        """Execute `source` as module `name`; unless `shown`, tracebacks leave its lines out."""
        raw = source.encode() if isinstance(source, str) else source
        return cls({"op": "load", "name": name, "shown": shown}, [raw])

    @classmethod
    def call(
        cls,
        module: str,
        function: str,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
        *,
        beside: str = "",
        watch: bool = False,
        device: str = "",
    ) -> Request:
        """Call `module.function(*args, **kwargs)`.

        Args:
            beside: the name of a loaded module to pass as first argument.
            watch: report whether an argument was changed in place.
            device: where the run moves tensors before the call; the CPU without one.
        """
        head = {"op": "call", "module": module, "function": function, "beside": beside, "watch": watch}
        return cls(head | _on(device), wire.Encoder((args, kwargs or {})).parts())

    @classmethod
    def null(
        cls, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None, *, watch: bool = False, device: str = ""
    ) -> Request:
        """Move the arguments there and the first of them back: what a `call` costs that does nothing."""
        return cls({"op": "null", "watch": watch} | _on(device), wire.Encoder((args, kwargs or {})).parts())


def _on(device: str) -> dict[str, str]:
    return {"device": device} if device else {}


def outcome(reply: dict[str, Any], payload: memoryview, limit: int) -> Outcome:
    """Build the outcome an untrusted reply claims, checking the type of every field."""
    try:
        printed, notes = _text(reply["printed"]), _texts(reply["notes"])
        if reply["outcome"] == "returned":
            value = wire.decode(payload, limit=limit) if len(payload) else None
            return Returned(value, reply.get("mutated") is True, printed, notes)
        if reply["outcome"] == "memory":
            return OutOfMemory(_text(reply["message"]), notes)
        claimed = reply["lines"][-MOST_LINES:]
        lines = tuple((_line_number(number), _text(text)[:MOST_OF_A_LINE]) for number, text in claimed)
        return Raised(_texts(reply["types"]) or ("?",), _text(reply["message"]), lines, printed, notes)
    except (KeyError, TypeError, ValueError) as error:
        raise WireError(f"a reply with a field missing or of the wrong type: {error!r}") from error


def _text(claimed: Any) -> str:
    """A string fit for every encoding: half characters become question marks."""
    if not isinstance(claimed, str):
        raise TypeError("not a string")
    return claimed[:MOST_CHARACTERS].encode("utf-8", "replace").decode("utf-8")


def _texts(claimed: Any) -> tuple[str, ...]:
    return tuple(_text(text) for text in claimed[:MOST_TEXTS])


def _line_number(claimed: Any) -> int:
    if type(claimed) is not int or not 0 <= claimed < 1 << 31:
        raise TypeError("not a line number")
    return claimed
