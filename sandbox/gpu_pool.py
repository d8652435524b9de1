"""Warm lanes for every GPU: two a device, one for candidates and one for the reference, lent out together."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator

from sandbox.gpu import Gpu
from sandbox.gpu_lease import Lease, Leases
from sandbox.lane import Lane
from sandbox.pool import Backend, Pool

#: How long a submission waits for a device: others of its kind take a minute or so each.
WAIT_S = 600.0


class GpuPool:
    """The lanes of all GPUs; safe to use from many threads. A device's lanes are started when it is first lent out."""

    def __init__(self, leases: Leases, backend_for: Callable[[Gpu], Backend]) -> None:
        self._leases, self._backend_for = leases, backend_for
        self._pools: dict[str, tuple[Pool, Pool]] = {}
        self._lock = threading.Lock()

    @property
    def devices(self) -> tuple[Gpu, ...]:
        """What may be lent out."""
        return self._leases.devices

    @contextlib.contextmanager
    def lanes(self, wait_s: float = WAIT_S) -> Iterator[tuple[Lease, Lane, Lane]]:
        """A device with a lane for the candidate and one for the reference.

        Raises:
            GpuUnavailable: no device can be had.
            SandboxError: a lane on it was lost, or could not be started.
        """
        with self._leases.lease(wait_s) as lease:
            candidates, references = self._of(lease.gpu)
            with candidates.lane() as lane, references.lane() as reference:
                yield lease, lane, reference
                for used in (lane, reference):  # what is still dying still holds memory of the device
                    used.settle()

    def close(self) -> None:
        """End every lane."""
        with self._lock:
            for pools in self._pools.values():
                for pool in pools:
                    pool.close()

    def _of(self, gpu: Gpu) -> tuple[Pool, Pool]:
        with self._lock:
            if gpu.uuid not in self._pools:
                backend = self._backend_for(gpu)
                self._pools[gpu.uuid] = Pool(backend, 1), Pool(backend, 1)
            return self._pools[gpu.uuid]
