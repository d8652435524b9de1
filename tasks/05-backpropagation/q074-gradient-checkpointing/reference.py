"""Gradient checkpointing by hand: less memory for a second forward pass, and how to spend it well."""

import math
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any

import torch
from torch import Tensor


def checkpoint(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call `function`, keep nothing of what it computes inside, and call it again when its gradient is asked for."""
    return _replayed(function, args, kwargs)


def checkpoint_sequence(layers: Sequence[Callable[[Tensor], Tensor]], x: Tensor, segments: int) -> Tensor:
    """Run the layers one after another in segments of nearly equal length, all but the last of them checkpointed.

    Raises:
        ValueError: there are no layers, or `segments` is not between 1 and their number.
    """
    if not 1 <= segments <= len(layers):
        raise ValueError("segments must be between 1 and the number of layers")
    short, longer = divmod(len(layers), segments)
    start = 0
    for index in range(segments - 1):
        end = start + short + (index < longer)
        x = _replayed(_chain(layers[start:end]), (x,), {})
        start = end
    return _chain(layers[start:])(x)


def best_segment_count(n: int) -> tuple[int, int, float]:
    """For `n` equal layers: the number of segments with the lowest peak, that peak, and the slowdown of a step.

    Raises:
        ValueError: `n` is below 1.
    """
    if n < 1:
        raise ValueError("there must be a layer")
    # k + ceil(n / k) <= m where k * (m - k) >= n; that can be had for an m from 2 * sqrt(n) on
    peak = math.isqrt(4 * n - 1) + 1
    count = max(1, (peak - math.isqrt(peak * peak - 4 * n)) // 2 - 1)
    while count * (peak - count) < n:
        count += 1
    return count, peak, 1 + (n - n // count) / (3 * n)


def optimal_segments(outputs: Sequence[int], inner: Sequence[int]) -> list[int]:
    """The lengths of consecutive segments whose peak memory is the lowest possible.

    Raises:
        ValueError: there are no layers, the lists differ in length, or a size is negative.
    """
    if not outputs or len(outputs) != len(inner):
        raise ValueError("each layer needs an output and an inner size")
    if min(*outputs, *inner, 0) < 0:
        raise ValueError("sizes must not be negative")
    total = list(accumulate(inner, initial=0))
    widths = {total[j] - total[i] for j in range(len(total)) for i in range(j)}
    best, cuts = math.inf, []
    for width in sorted(widths):
        if width >= best:
            break
        kept, found = _cheapest_cuts(outputs, total, width)
        if kept + width < best:
            best, cuts = kept + width, found
    return [end - start for start, end in zip([0, *cuts], [*cuts, len(inner)], strict=True)]


def cheapest_plan(sizes: Sequence[int], costs: Sequence[int], budget: int) -> list[bool]:
    """Which blocks to recompute so that the memory suffices and the recomputation costs as little as possible.

    Raises:
        ValueError: the lists differ in length, a number is negative, or no plan fits.
    """
    if len(sizes) != len(costs) or min(*sizes, *costs, budget, 0) < 0:
        raise ValueError("each block needs a size and a cost, neither negative")
    if max([0, *sizes]) > budget:
        raise ValueError("a block does not fit by itself")
    plans: dict[int, tuple[int, tuple[bool, ...]]] = {0: (0, ())}  # by what is kept so far: the cheapest way there
    for size, cost in zip(sizes, costs, strict=True):
        longer: dict[int, tuple[int, tuple[bool, ...]]] = {}
        for kept, (spent, plan) in plans.items():
            if kept + size > budget:
                continue
            for now, option in ((kept + size, (spent, (*plan, False))), (kept, (spent + cost, (*plan, True)))):
                longer[now] = min(longer.get(now, option), option)
        plans = longer
    return list(min(plans.values())[1])


def recompute_steps(n: int, slots: int) -> int:
    """The fewest forward steps with which a chain of `n` steps can be reversed while `slots` states are stored.

    Raises:
        ValueError: `n` or `slots` is below 1.
    """
    if n < 1 or slots < 1:
        raise ValueError("n and slots must be at least 1")
    # the longest chain in which no step is repeated more than r times has comb(slots + r, slots) steps
    low, high = 0, n
    while low < high:
        repeats = (low + high) // 2
        low, high = (low, repeats) if _reaches(n, slots, repeats) else (repeats + 1, high)
    return low * n - math.comb(slots + low, slots + 1)


class _Replay(torch.autograd.Function):
    """Runs a function of tensors without a graph, and once more with one when the gradient arrives."""

    @staticmethod
    def forward(ctx: Any, run: Callable[..., Any], anchor: Tensor, *tensors: Tensor) -> Any:
        ctx.run, ctx.random = run, torch.get_rng_state()
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(*tensors)
        return run(*tensors)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor | None) -> Any:
        tensors = [t.detach().requires_grad_(t.requires_grad) for t in ctx.saved_tensors]
        random = torch.get_rng_state()
        torch.set_rng_state(ctx.random)
        with torch.enable_grad():
            outputs = ctx.run(*tensors)
        torch.set_rng_state(random)
        outputs = outputs if isinstance(outputs, tuple) else (outputs,)
        pairs = [(o, g) for o, g in zip(outputs, grads, strict=True) if g is not None and o.requires_grad]
        if pairs:
            torch.autograd.backward([o for o, _ in pairs], [g for _, g in pairs])
        return None, None, *(t.grad for t in tensors)


def _replayed(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Checkpoint a call; its tensors go through autograd one by one, everything else stays in a closure."""
    values = [*args, *kwargs.values()]
    places = [i for i, value in enumerate(values) if isinstance(value, Tensor)]
    tensors = [values[i] for i in places]
    others = [None if isinstance(value, Tensor) else value for value in values]

    def run(*given: Tensor) -> Any:
        filled = others.copy()
        for place, tensor in zip(places, given, strict=True):
            filled[place] = tensor
        return function(*filled[: len(args)], **dict(zip(kwargs, filled[len(args) :], strict=True)))

    # parameters inside of the function want gradients even if no argument does: the anchor always does
    return _Replay.apply(run, torch.empty(0, requires_grad=True), *tensors)


def _chain(layers: Sequence[Callable[[Tensor], Tensor]]) -> Callable[[Tensor], Tensor]:
    def run(x: Tensor) -> Tensor:
        for layer in layers:
            x = layer(x)
        return x

    return run


def _cheapest_cuts(outputs: Sequence[int], total: Sequence[int], width: int) -> tuple[float, list[int]]:
    """The cuts that keep the least where no segment is wider than this, and what they keep."""
    kept: list[float] = [0.0]  # kept[j]: the least that is kept for segments which end before layer j
    last = [0]
    for j in range(1, len(total)):
        starts = [i for i in range(j) if total[j] - total[i] <= width]
        own = outputs[j - 1] if j < len(outputs) else 0
        i = min(starts, key=kept.__getitem__, default=0)
        kept.append(kept[i] + own if starts else math.inf)
        last.append(i)
    cuts, j = [], len(total) - 1
    while kept[-1] < math.inf and last[j]:
        j = last[j]
        cuts.append(j)
    return kept[-1], cuts[::-1]


def _reaches(n: int, slots: int, repeats: int) -> bool:
    """Whether comb(slots + repeats, slots) is at least n, without computing numbers much larger than n."""
    small, large = sorted((slots, repeats))
    ways = 1
    for i in range(1, small + 1):
        ways = ways * (large + i) // i
        if ways >= n:
            return True
    return ways >= n
