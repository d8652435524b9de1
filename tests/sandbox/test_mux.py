"""Tests of carrying a control socket and channels over one stream, with both ends in this process."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator

import pytest

from sandbox import descriptors, wire
from sandbox.mux import WINDOW, Mux


class SocketStream:
    """A stream over one end of a socket pair."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def fileno(self) -> int:
        """The socket's descriptor."""
        return self._sock.fileno()

    def read(self) -> bytes:
        """What has come."""
        if not (data := self._sock.recv(1 << 16)):
            raise EOFError
        return data

    def write(self, data: bytes) -> None:
        """Send all of it."""
        self._sock.sendall(data)


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    """The worker's control socket and the zygote's, with two muxes and a stream between them."""
    a, b = socket.socketpair()
    worker, outer = socket.socketpair()
    inner, zygote = socket.socketpair()
    for sock in (worker, zygote):
        sock.settimeout(20)
    pumps = [
        threading.Thread(target=Mux(outer, SocketStream(a)).run),
        threading.Thread(target=Mux(inner, SocketStream(b)).run),
    ]
    for pump in pumps:
        pump.start()
    yield worker, zygote
    for sock in (worker, zygote):
        sock.close()
    a.shutdown(socket.SHUT_RDWR)
    for pump in pumps:
        pump.join(20)
    a.close()
    b.close()


def opened(ends: tuple[socket.socket, socket.socket]) -> tuple[socket.socket, socket.socket]:
    """A channel through both: the worker's end and the run's."""
    worker, zygote = ends
    ours, theirs = socket.socketpair()
    with theirs:
        descriptors.send(worker, {"op": "fork"}, [theirs.fileno()])
    message, passed = descriptors.receive(zygote)
    assert message == {"op": "fork"}
    run = socket.socket(fileno=passed[0])
    for sock in (ours, run):
        sock.settimeout(20)
    return ours, run


def test_control_goes_both_ways(ends: tuple[socket.socket, socket.socket]) -> None:
    """Messages of the control socket arrive whole, in order, in both directions."""
    worker, zygote = ends
    for n in range(50):
        descriptors.send(worker, {"n": n, "fill": "x" * n * 100}, [])
    for n in range(50):
        assert descriptors.receive(zygote)[0]["n"] == n
    wire.send_frame(zygote, {"seq": 1})
    assert wire.receive_frame(worker, 0)[0] == {"seq": 1}


def test_descriptors_stay_with_their_message(ends: tuple[socket.socket, socket.socket]) -> None:
    """Messages with and without descriptors sent at once keep them apart."""
    worker, zygote = ends
    ours, theirs = socket.socketpair()
    for n in range(20):
        descriptors.send(worker, {"n": n, "fill": "x" * n}, [theirs.fileno()] if n % 3 == 2 else [])
    for n in range(20):
        message, passed = descriptors.receive(zygote)
        assert (message["n"], len(passed)) == (n, int(n % 3 == 2))
        for descriptor in passed:
            os.close(descriptor)
    ours.close()
    theirs.close()


def test_channels_carry_frames(ends: tuple[socket.socket, socket.socket]) -> None:
    """A channel passed with a message carries large values both ways, and ends when one side closes."""
    ours, run = opened(ends)
    payload = os.urandom(3 * WINDOW)
    sender = threading.Thread(target=wire.send_frame, args=(ours, {"op": "load"}, [payload]))
    sender.start()
    head, got = wire.receive_frame(run, 4 * WINDOW)
    sender.join()
    assert head == {"op": "load"}
    assert bytes(got) == payload
    run.sendall(b"answer")
    run.close()
    assert ours.recv(100) == b"answer"
    assert ours.recv(100) == b""
    ours.close()


def test_a_flood_stops_at_its_window(ends: tuple[socket.socket, socket.socket]) -> None:
    """A run that writes without end is stopped after a window; the control socket and other channels go on."""
    flooded, flooding = opened(ends)
    flooding.setblocking(False)
    written, stalled = 0, 0
    while stalled < 3:
        try:
            written += flooding.send(bytes(1 << 16))
            stalled = 0
        except BlockingIOError:
            stalled += 1
            ours, run = opened(ends)
            ours.sendall(b"still here")
            assert run.recv(100) == b"still here"
            ours.close()
            run.close()
    assert written < 3 * WINDOW
    flooded.close()
    flooding.close()


def test_the_end_of_the_stream_ends_everything(ends: tuple[socket.socket, socket.socket]) -> None:
    """When the control socket closes at one side, every channel ends at the other."""
    worker, zygote = ends
    ours, run = opened(ends)
    worker.close()
    assert zygote.recv(1) == b""
    assert run.recv(1) == b""
    ours.close()
    run.close()
