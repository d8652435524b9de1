"""Gradient checkpointing by hand: less memory for a second forward pass, and how to spend it well."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor


def checkpoint(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call `function`, keep nothing of what it computes inside, and call it again when its gradient is asked for."""
    raise NotImplementedError


def checkpoint_sequence(layers: Sequence[Callable[[Tensor], Tensor]], x: Tensor, segments: int) -> Tensor:
    """Run the layers one after another in segments of nearly equal length, all but the last of them checkpointed.

    Raises:
        ValueError: there are no layers, or `segments` is not between 1 and their number.
    """
    raise NotImplementedError


def best_segment_count(n: int) -> tuple[int, int, float]:
    """For `n` equal layers: the number of segments with the lowest peak, that peak, and the slowdown of a step.

    Raises:
        ValueError: `n` is below 1.
    """
    raise NotImplementedError


def optimal_segments(outputs: Sequence[int], inner: Sequence[int]) -> list[int]:
    """The lengths of consecutive segments whose peak memory is the lowest possible.

    Raises:
        ValueError: there are no layers, the lists differ in length, or a size is negative.
    """
    raise NotImplementedError


def cheapest_plan(sizes: Sequence[int], costs: Sequence[int], budget: int) -> list[bool]:
    """Which blocks to recompute so that the memory suffices and the recomputation costs as little as possible.

    Raises:
        ValueError: the lists differ in length, a number is negative, or no plan fits.
    """
    raise NotImplementedError


def recompute_steps(n: int, slots: int) -> int:
    """The fewest forward steps with which a chain of `n` steps can be reversed while `slots` states are stored.

    Raises:
        ValueError: `n` or `slots` is below 1.
    """
    raise NotImplementedError
