"""Tests of messages that carry descriptors."""

from __future__ import annotations

import os
import socket

import pytest

from sandbox import descriptors
from sandbox.errors import WireError


def test_a_message_arrives_with_working_descriptors() -> None:
    """What is written to the received end comes out of the one that was kept."""
    ours, theirs = socket.socketpair()
    read, write = os.pipe()
    with ours, theirs:
        descriptors.send(ours, {"op": "take", "source": "x" * 100_000}, [write])
        message, (received,) = descriptors.receive(theirs)
    os.write(received, b"hello")
    assert message["op"] == "take"
    assert len(message["source"]) == 100_000
    assert os.read(read, 5) == b"hello"
    for descriptor in (read, write, received):
        os.close(descriptor)


def test_a_closed_socket_is_the_end() -> None:
    """Not an error: the other process is gone."""
    ours, theirs = socket.socketpair()
    ours.close()
    with theirs, pytest.raises(EOFError):
        descriptors.receive(theirs)


def test_bytes_that_are_no_message_are_refused() -> None:
    """Before anything is allocated for them."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(b"\xff" * 64)
        with pytest.raises(WireError):
            descriptors.receive(theirs)
