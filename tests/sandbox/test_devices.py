"""Moving a call's tensors, with devices that every machine has."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from sandbox import devices


@pytest.fixture(autouse=True)
def _unseeded() -> None:
    devices._seed.cache_clear()


def test_no_device() -> None:
    """Without a device nothing is touched."""
    value = [torch.ones(2), {"a": 1}]
    assert devices.moved(value, "") is value


def test_containers() -> None:
    """Tensors in lists, tuples and dicts are moved; everything else stays what it is."""
    value = ([torch.ones(2), 3], {"x": (torch.zeros(1), "text")})
    got = devices.moved(value, "meta")
    assert got[0][0].device.type == got[1]["x"][0].device.type == "meta"
    assert (got[0][1], got[1]["x"][1], type(got)) == (3, "text", tuple)


@pytest.mark.parametrize(
    "tensor",
    [
        torch.arange(12.0).reshape(3, 4).t(),
        torch.arange(20.0).reshape(4, 5)[1::2, ::3],
        torch.arange(5.0).expand(3, 5),
        torch.arange(6.0)[2:],
        torch.tensor(1.5),
        torch.zeros(0, 3),
    ],
)
def test_layout(tensor: torch.Tensor) -> None:
    """Shape, strides and storage offset are on the device what they were before."""
    got = devices.moved(tensor, "meta")
    assert (got.shape, got.stride(), got.storage_offset()) == (tensor.shape, tensor.stride(), tensor.storage_offset())
    assert torch.equal(devices.moved(tensor, "cpu"), tensor)


def test_requires_grad() -> None:
    """A leaf that wants a gradient is a leaf that wants one."""
    got = devices.moved(torch.ones(2, requires_grad=True), "meta")
    assert got.requires_grad
    assert got.is_leaf


def test_settle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a CUDA device is waited for."""
    waited: list[Any] = []
    monkeypatch.setattr(torch.cuda, "synchronize", lambda: waited.append(1))
    devices.settle("")
    devices.settle("cpu")
    assert waited == []
    devices.settle("cuda")
    assert waited == [1]


def test_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The device's generator starts from the run's seed, once, when the first tensors are moved there."""
    seeds: list[int] = []
    monkeypatch.setattr(torch.cuda, "manual_seed_all", seeds.append)
    monkeypatch.setattr(torch, "initial_seed", lambda: 77)
    for _ in range(2):
        devices.moved((), "cuda")
    assert seeds == [77]
