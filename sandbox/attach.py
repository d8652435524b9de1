"""The worker's end of a lane that is reached through the engine's attach stream, where no Unix socket reaches it."""

from __future__ import annotations

import socket
import struct
import threading
from typing import Any, Final

from sandbox.mux import CHUNK, Mux

#: What the engine puts before each piece of a container's output: which stream it is of, and how long it is.
PIECE: Final = struct.Struct(">BxxxI")
STDOUT: Final = 1
#: What the container wrote to stderr is kept to explain its end.
MOST_SAID: Final = 4096


class Attached:
    """The engine's attach stream as a stream between muxes.

    Attributes:
        said: the last of what the container wrote to stderr.
    """

    def __init__(self, attached: Any) -> None:
        self._attached = attached  # keeps the response, and with it the connection, alive
        self._sock: socket.socket = getattr(attached, "_sock", attached)
        self._sock.settimeout(None)
        self._raw = bytearray()
        self.said = ""

    def fileno(self) -> int:
        """The connection's descriptor."""
        return self._sock.fileno()

    def read(self) -> bytes:
        """What has come of stdout.

        Raises:
            EOFError: nothing more will.
        """
        received = self._sock.recv(CHUNK)
        if not received:
            raise EOFError
        self._raw += received
        return b"".join(self._pieces())

    def _pieces(self) -> list[bytes]:
        found = []
        while len(self._raw) >= PIECE.size:
            kind, size = PIECE.unpack_from(self._raw)
            if len(self._raw) < PIECE.size + size:
                break
            piece = bytes(self._raw[PIECE.size : PIECE.size + size])
            del self._raw[: PIECE.size + size]
            if kind == STDOUT:
                found.append(piece)
            else:
                self.said = (self.said + piece.decode("utf-8", "replace"))[-MOST_SAID:]
        return found

    def write(self, data: bytes) -> None:
        """Send all of it to stdin."""
        self._sock.sendall(data)

    def close(self) -> None:
        """End the connection."""
        self._attached.close()


def carried(stream: Attached) -> socket.socket:
    """A control socket that a thread carries over the stream until one of them ends."""
    ours, theirs = socket.socketpair()

    def carry() -> None:
        Mux(theirs, stream).run()
        stream.close()

    threading.Thread(target=carry, name="lane-attached", daemon=True).start()
    return ours
