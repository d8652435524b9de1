"""Inside a run: moves the tensors of a call to the device it is to run on, strides and all, and waits for the device.

Nothing here is believed, as nothing in a run is: that the work is done is known outside by the answer, which holds what
the work computed.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


def moved(value: Any, device: str) -> Any:
    """The same lists, tuples and dicts with every tensor on `device`; the value itself without one."""
    if not device:
        return value
    import torch

    _seed(device)
    if isinstance(value, torch.Tensor):
        return _moved(value, device)
    if type(value) in (list, tuple):
        return type(value)(moved(item, device) for item in value)
    return {key: moved(item, device) for key, item in value.items()} if type(value) is dict else value


def settle(device: str) -> None:
    """Wait until all work on `device` is done, whatever stream it was put on."""
    if device.startswith("cuda"):
        import torch

        torch.cuda.synchronize()


def _moved(tensor: torch.Tensor, device: str) -> torch.Tensor:
    """Moved with its whole storage: `to` alone makes strided and expanded tensors contiguous."""
    import torch

    plain = tensor.detach()
    if plain.layout is not torch.strided:
        return plain.to(device)
    elements = plain.untyped_storage().nbytes() // plain.itemsize
    storage = plain.as_strided((elements,), (1,), 0).to(device)
    there = storage.as_strided(plain.shape, plain.stride(), plain.storage_offset())
    return there.requires_grad_(tensor.requires_grad)


@functools.cache
def _seed(device: str) -> None:
    """Start the device's generator, once, from the seed that the run was given; doing it on the CPU costs every run."""
    import torch

    if device.startswith("cuda"):
        torch.cuda.manual_seed_all(torch.initial_seed())
