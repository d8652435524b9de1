"""Parts for GPUs, judged on one where this machine has one that the sandbox can use; else they go with the others."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from grader import backend
from grader.desk import Desk, Message, Template
from grader.task import Part
from grader.verdict import Verdict
from sandbox import cuda, gpu
from sandbox.gpu_lease import Lease, Leases
from sandbox.gpu_pool import GpuPool
from sandbox.lane import Lane

#: A run's first call on a GPU waits for CUDA to come up and for Triton to compile.
START_S: Final = 30.0
#: What PyTorch calls the one GPU that a lane has.
DEVICE: Final = "cuda"


def pool_here() -> GpuPool | None:
    """The GPUs of this machine; None if it has none that can be used.

    Raises:
        GpuUnavailable: it has some, and their driver is in trouble.
    """
    devices = [device for device in gpu.discover() if not backend.obstacle(device)]
    return GpuPool(Leases(devices), backend.gpu_backend) if devices else None


class GpuDesk:
    """Has parts judged on a GPU; safe to use from many threads."""

    def __init__(self, find: Callable[[], GpuPool | None] = pool_here) -> None:
        self._find, self._lock = find, threading.Lock()
        self._looked = False
        self._pool: GpuPool | None = None

    def takes(self, part: Part) -> bool:
        """Whether a part is to be judged here. Raises as `pool_here` does."""
        return part.device == "cuda" and self._here() is not None

    def examine(
        self, desk: Desk, template: Template, job: Message, on_message: Callable[[Message], None]
    ) -> dict[str, Any]:
        """Have a job judged on a GPU; what the report is to say of the sandbox.

        Raises:
            GpuUnavailable: none can be had.
            SandboxError: as `Desk.examine`.
        """
        with self._lanes() as (lease, lane, reference):
            there = {"gpu": lease.gpu.uuid, "device": DEVICE}
            more = {"wall_s": job["wall_s"] + START_S, "more_memory_mb": cuda.CONTEXT_MB}
            desk.examine(template, job | there | more, [lane, reference], _watching(lease, on_message))
            return lane.backend | {"gpu": lease.gpu.name}

    def close(self) -> None:
        """End every lane."""
        with self._lock:
            if self._pool:
                self._pool.close()

    @contextmanager
    def _lanes(self) -> Iterator[tuple[Lease, Lane, Lane]]:
        pool = self._here()
        assert pool is not None, "there is no GPU here"
        with pool.lanes() as lent:
            yield lent

    def _here(self) -> GpuPool | None:
        with self._lock:
            if not self._looked:
                self._pool, self._looked = self._find(), True
            return self._pool


def _watching(lease: Lease, on_message: Callable[[Message], None]) -> Callable[[Message], None]:
    """Pass messages on; after a timeout the device has to prove that it still answers."""

    def watch(message: Message) -> None:
        if message.get("check", {}).get("verdict") == Verdict.TIMEOUT:
            lease.suspect("a call that timed out")
        on_message(message)

    return watch
