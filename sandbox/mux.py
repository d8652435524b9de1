"""Carries a lane's control socket and its runs' channels over one byte stream, where no Unix socket reaches the lane.

Theory of operation. The same `Mux` stands at both ends of the stream: in the worker it learns of new channels by the
descriptors that come with the control socket's bytes, in the container it makes a socket pair for each and passes one
end on with the same bytes. A frame is a kind, a channel and a number:

    DATA    that many bytes of a channel follow; the control socket is channel 0
    OPEN    a new channel, whose descriptor goes with the next bytes of the control socket
    CLOSE   nothing more comes on a channel
    TAKEN   that many bytes of a channel were delivered

A side reads no more of a channel than `WINDOW` bytes beyond what the other has delivered. So a run that floods its
channel, or does not read it, fills one window and stops; the control socket and the other channels go on. What runs
write is copied and never looked at.
"""

from __future__ import annotations

import array
import collections
import contextlib
import select
import socket
import struct
from dataclasses import dataclass, field
from typing import Final, Protocol

from sandbox import wire

WINDOW: Final = 4 << 20
CHUNK: Final = 256 << 10
CONTROL: Final = 0
DATA, OPEN, CLOSE, TAKEN = range(4)
FRAME: Final = struct.Struct("<BII")
_RIGHTS: Final = socket.CMSG_SPACE(16 * array.array("i").itemsize)


class Stream(Protocol):
    """The byte stream between two muxes."""

    def fileno(self) -> int:
        """What to wait on before reading."""

    def read(self) -> bytes:
        """What has come.

        Raises:
            EOFError: nothing more will.
        """

    def write(self, data: bytes) -> None:
        """Send all of it."""


@dataclass
class _Channel:
    """One local socket.

    Attributes:
        waiting: what is to be written to it, with the descriptors that go along.
        ahead: how many bytes read from it the other side has not delivered yet.
        ending: the other side sends nothing more: close when all is written.
    """

    sock: socket.socket
    waiting: collections.deque[tuple[memoryview, list[int]]] = field(default_factory=collections.deque)
    ahead: int = 0
    ending: bool = False

    @property
    def events(self) -> int:
        """What to wait for."""
        reads = select.POLLIN if self.ahead < WINDOW and not self.ending else 0
        return reads | (select.POLLOUT if self.waiting else 0)


class Mux:
    """One end; `run` returns when the stream or the control socket has ended."""

    def __init__(self, control: socket.socket, stream: Stream) -> None:
        self._stream = stream
        self._channels: dict[int, _Channel] = {}
        self._received = bytearray()
        self._opened: list[int] = []
        self._last = CONTROL
        self._header, self._left = b"", wire.HEADER.size
        self._add(CONTROL, control)

    def run(self) -> None:
        """Carry until one side ends."""
        try:
            with contextlib.suppress(EOFError, OSError):
                while CONTROL in self._channels:
                    self._turn()
        finally:
            for number in list(self._channels):
                self._drop(number)

    def _turn(self) -> None:
        """Wait until something can go on, and let it."""
        poll = select.poll()
        poll.register(self._stream.fileno(), select.POLLIN)
        numbers = {}
        for number, channel in self._channels.items():
            if channel.events:
                poll.register(channel.sock, channel.events)
                numbers[channel.sock.fileno()] = number
        for descriptor, happened in poll.poll():
            if descriptor not in numbers:
                self._from_stream()
            elif numbers[descriptor] in self._channels:
                self._serve(numbers[descriptor], happened)

    def _serve(self, number: int, happened: int) -> None:
        channel = self._channels[number]
        try:
            if happened & select.POLLOUT:
                self._deliver(number, channel)
            elif channel.events & select.POLLIN:
                self._collect(number, channel)
            else:
                raise EOFError
        except (EOFError, ConnectionError):
            self._send(CLOSE, number, 0)
            self._drop(number)

    def _collect(self, number: int, channel: _Channel) -> None:
        """Read from a local socket and send it on, the channels of its descriptors first."""
        most = min(CHUNK, self._left) if number == CONTROL else CHUNK
        data, ancillary, _, _ = channel.sock.recvmsg(most, _RIGHTS if number == CONTROL else 0)
        for _, kind, raw in ancillary:
            if kind == socket.SCM_RIGHTS:
                for descriptor in array.array("i", raw):
                    self._last += 1  # no number is used twice: word of the old channel's end may be on its way
                    self._add(self._last, socket.socket(fileno=descriptor))
                    self._send(OPEN, self._last, 0)
        if not data:
            raise EOFError
        channel.ahead += len(data)
        self._send(DATA, number, len(data), data)
        if number == CONTROL:
            self._follow(data)

    def _follow(self, data: bytes) -> None:
        """Know where the control socket's next message starts: descriptors come with its first byte, and not before."""
        self._header += data
        self._left -= len(data)
        if self._left == 0 and len(self._header) == wire.HEADER.size:
            _, *sizes = wire.HEADER.unpack(self._header)
            self._left = sum(sizes)
        if self._left == 0:
            self._header, self._left = b"", wire.HEADER.size

    def _deliver(self, number: int, channel: _Channel) -> None:
        """Write what waits to a local socket, and tell the other side."""
        data, passed = channel.waiting.popleft()
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", passed))] if passed else []
        sent = channel.sock.sendmsg([data], rights)
        for descriptor in passed:
            socket.close(descriptor)
        if sent < len(data):
            channel.waiting.appendleft((data[sent:], []))
        self._send(TAKEN, number, sent)
        if channel.ending and not channel.waiting:
            self._drop(number)

    def _from_stream(self) -> None:
        self._received += self._stream.read()
        while len(self._received) >= FRAME.size:
            kind, number, size = FRAME.unpack_from(self._received)
            whole = FRAME.size + (size if kind == DATA else 0)
            if len(self._received) < whole:
                return
            body = bytes(self._received[FRAME.size : whole])
            del self._received[:whole]
            self._take(kind, number, size, body)

    def _take(self, kind: int, number: int, size: int, body: bytes) -> None:
        if kind == OPEN:
            here, passed_on = socket.socketpair()
            self._add(number, here)
            self._opened.append(passed_on.detach())
            return
        channel = self._channels.get(number)
        if channel is None:  # it was closed here while this was on its way
            return
        if kind == DATA:
            passed, self._opened = (self._opened, []) if number == CONTROL else ([], self._opened)
            channel.waiting.append((memoryview(body), passed))
        elif kind == TAKEN:
            channel.ahead -= size
        elif channel.waiting:
            channel.ending = True
        else:
            self._drop(number)

    def _send(self, kind: int, number: int, size: int, body: bytes = b"") -> None:
        self._stream.write(FRAME.pack(kind, number, size) + body)

    def _add(self, number: int, sock: socket.socket) -> None:
        sock.setblocking(False)
        self._channels[number] = _Channel(sock)

    def _drop(self, number: int) -> None:
        self._channels.pop(number).sock.close()
