"""Hooks on saved tensors that stand for a recomputation, searches over candidates, and plans grown backwards."""

import math
import weakref
from collections.abc import Callable, Sequence
from functools import cache
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor


class Ticket:
    """Stands in the graph for a tensor that was not kept."""


def checkpoint(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    if not torch.is_grad_enabled():
        return function(*args, **kwargs)
    start = torch.get_rng_state()
    tickets: list[weakref.ref[Ticket]] = []
    made: weakref.WeakKeyDictionary[Ticket, Tensor] = weakref.WeakKeyDictionary()

    def hand_out(tensor: Tensor) -> Ticket:
        ticket = Ticket()
        tickets.append(weakref.ref(ticket))
        return ticket

    def replay() -> None:
        waiting = iter(tickets)

        def collect(tensor: Tensor) -> None:
            ticket = next(waiting)()
            if ticket is not None:
                made[ticket] = tensor.detach()

        now = torch.get_rng_state()
        torch.set_rng_state(start)
        try:
            with torch.enable_grad(), torch.autograd.graph.saved_tensors_hooks(collect, lambda nothing: nothing):
                function(*args, **kwargs)
        finally:
            torch.set_rng_state(now)

    def cash_in(ticket: Ticket) -> Tensor:
        if ticket not in made:
            replay()
        return made.pop(ticket)

    with torch.autograd.graph.saved_tensors_hooks(hand_out, cash_in):
        return function(*args, **kwargs)


def checkpoint_sequence(layers: Sequence[Callable[[Tensor], Tensor]], x: Tensor, segments: int) -> Tensor:
    count = len(layers)
    if segments < 1 or segments > count:
        raise ValueError("cannot be cut like that")
    # segment i begins where the i segments before it end, of which the first count % segments are longer
    starts = [i * (count // segments) + min(i, count % segments) for i in range(segments)]
    for start, end in pairwise(starts):

        def part(h: Tensor, start: int = start, end: int = end) -> Tensor:
            for i in range(start, end):
                h = layers[i](h)
            return h

        x = checkpoint(part, x)
    for i in range(starts[-1], count):
        x = layers[i](x)
    return x


def best_segment_count(n: int) -> tuple[int, int, float]:
    if n < 1:
        raise ValueError(n)
    root = math.isqrt(n)
    peak = min(k + -(-n // k) for k in (root, root + 1))
    # the peak is k + ceil(n / k); below the root it falls with k, so look for the first k by bisection
    low, high = 1, root + 1
    while low < high:
        middle = (low + high) // 2
        if middle * (peak - middle) >= n:
            high = middle
        else:
            low = middle + 1
    return low, peak, 4 / 3 - (n // low) / (3 * n)


def optimal_segments(outputs: Sequence[int], inner: Sequence[int]) -> list[int]:
    n = len(inner)
    if n == 0 or len(outputs) != n or any(size < 0 for size in [*outputs, *inner]):
        raise ValueError("sizes")
    # for each layer all pairs (kept so far, widest segment so far) that no other pair beats in both, with their lengths
    fronts: list[list[tuple[int, int, tuple[int, ...]]]] = [[(0, 0, ())]]
    for end in range(1, n + 1):
        pairs = []
        for start in range(end):
            width = sum(inner[start:end])
            own = outputs[end - 1] if end < n else 0
            pairs += [(kept + own, max(wide, width), (*cut, end - start)) for kept, wide, cut in fronts[start]]
        front: list[tuple[int, int, tuple[int, ...]]] = []
        for pair in sorted(pairs):
            if not front or pair[1] < front[-1][1]:
                front.append(pair)
        fronts.append(front)
    return list(min(fronts[n], key=lambda pair: pair[0] + pair[1])[2])


def cheapest_plan(sizes: Sequence[int], costs: Sequence[int], budget: int) -> list[bool]:
    if len(sizes) != len(costs):
        raise ValueError("lengths")
    if budget < 0 or any(v < 0 for v in [*sizes, *costs]) or any(size > budget for size in sizes):
        raise ValueError("sizes")

    @cache
    def rest(block: int, kept: int) -> tuple[float, tuple[bool, ...]]:
        if block == len(sizes):
            return 0, ()
        if kept + sizes[block] > budget:
            return math.inf, ()
        without, first = rest(block + 1, kept + sizes[block])
        again, second = rest(block + 1, kept)
        again += costs[block]
        return (without, (False, *first)) if without <= again else (again, (True, *second))

    return list(rest(0, 0)[1])


def recompute_steps(n: int, slots: int) -> int:
    if min(n, slots) < 1:
        raise ValueError("at least one of each")
    if slots == 1:
        return n * (n - 1) // 2
    if slots >= n:
        return n - 1
    # step i is run once more than the number of r with comb(slots + r, slots) <= i; few slots make few but large r
    low, high = 1, n
    while low < high:
        middle = (low + high) // 2
        if beyond(slots, middle, n):
            high = middle
        else:
            low = middle + 1
    # the sum over r < low of n - comb(slots + r, slots), by the hockey stick
    return low * n - math.comb(slots + low, slots + 1)


def beyond(slots: int, repeats: int, n: int) -> bool:
    total, top = 1, max(slots, repeats)
    for i in range(1, min(slots, repeats) + 1):
        total = total * (top + i) // i
        if total >= n:
            return True
    return False
