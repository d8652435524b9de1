"""Messages between our own processes that carry file descriptors along (SCM_RIGHTS)."""

from __future__ import annotations

import array
import socket
from typing import Any, Final

from sandbox import wire
from sandbox.errors import WireError

MAX_DESCRIPTORS: Final = 16
_SIZE: Final = array.array("i").itemsize


def send(sock: socket.socket, message: dict[str, Any], descriptors: list[int]) -> None:
    """Send one message, of what JSON can hold; the receiver gets duplicates of `descriptors`."""
    encoded = wire.encode_head(message)
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))] if descriptors else []
    header = wire.HEADER.pack(wire.MAGIC, len(encoded), 0)
    sent = sock.sendmsg([header], rights)
    assert sent == len(header)
    sock.sendall(encoded)


def receive(sock: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """One message and its descriptors; only for sockets whose other end is our own code.

    Raises:
        EOFError: the other side closed.
        WireError: not a message.
    """
    header, ancillary, _, _ = sock.recvmsg(wire.HEADER.size, socket.CMSG_SPACE(MAX_DESCRIPTORS * _SIZE))
    descriptors: list[int] = []
    for level, kind, raw in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            descriptors += array.array("i", raw[: len(raw) - len(raw) % _SIZE])
    if not header:
        raise EOFError("closed")
    magic, length, _ = wire.HEADER.unpack(header.ljust(wire.HEADER.size, b"\0"))
    if magic != wire.MAGIC or length > wire.MAX_HEAD:
        raise WireError("not a message")
    body = bytearray(length)
    view = memoryview(body)
    while view:
        got = sock.recv_into(view)
        if not got:
            raise EOFError("closed in the middle of a message")
        view = view[got:]
    return wire.decode_head(body), descriptors
