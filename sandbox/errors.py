"""The exceptions of the sandbox; every one of them is our fault or the machine's, never the candidate's.

SandboxError
├── SandboxUnavailable   no usable isolation on this machine
│   └── EngineAway       the container engine does not answer, or has no image: worth another try later
├── GpuUnavailable       no GPU of this machine can be used now
├── LaneLost             a lane stopped answering and has to be replaced
│   └── IsolationRefused     its zygote may not get apart from what started it in the way it was told to
└── WireError            bytes that are no value: refused before anything is built from them
"""

from __future__ import annotations


class SandboxError(Exception):
    """The sandbox itself failed."""


class SandboxUnavailable(SandboxError):
    """No isolation works on this machine; the message says what to do."""


class EngineAway(SandboxUnavailable):
    """The container engine does not answer, failed, or has no image, for now; the message says why."""


class GpuUnavailable(SandboxError):
    """The driver does not answer, or every GPU is in use or kept out; the message says which."""


class LaneLost(SandboxError):
    """A lane stopped answering and has to be replaced."""


class IsolationRefused(LaneLost):
    """The lane's zygote may not get apart from what started it in the way it was told to."""


class WireError(SandboxError):
    """Bytes from the other side are not a frame or not a value."""
