"""An autograd function that forks the generator, recursion over sequences, floats with a check, and arrays of costs."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor


class Again(torch.autograd.Function):
    @staticmethod
    def forward(ctx, job, want, *given):
        ctx.job, ctx.given = job, given
        ctx.state = torch.random.get_rng_state()
        with torch.no_grad():
            return job(given)

    @staticmethod
    def backward(ctx, *cotangents):
        fresh = []
        for value in ctx.given:
            if isinstance(value, Tensor):
                copy = value.detach()
                copy.requires_grad = value.requires_grad
                value = copy
            fresh.append(value)
        with torch.random.fork_rng(devices=[]), torch.enable_grad():
            torch.random.set_rng_state(ctx.state)
            results = ctx.job(fresh)
        if isinstance(results, Tensor):
            results = (results,)
        loss = [(r, c) for r, c in zip(results, cotangents) if isinstance(r, Tensor) and r.requires_grad]
        torch.autograd.backward(*zip(*loss))
        return (None, None, *(v.grad if isinstance(v, Tensor) else None for v in fresh))


def checkpoint(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    names, count = tuple(kwargs), len(args)

    def job(values):
        return function(*values[:count], **dict(zip(names, values[count:])))

    return Again.apply(job, torch.ones((), requires_grad=True), *args, *kwargs.values())


def checkpoint_sequence(layers: Sequence[Callable[[Tensor], Tensor]], x: Tensor, segments: int) -> Tensor:
    layers = list(layers)
    if segments < 1 or segments > len(layers):
        raise ValueError(segments)
    if segments == 1:
        for layer in layers:
            x = layer(x)
        return x
    size = math.ceil(len(layers) / segments)

    def first(h):
        for layer in layers[:size]:
            h = layer(h)
        return h

    return checkpoint_sequence(layers[size:], checkpoint(first, x), segments - 1)


def best_segment_count(n: int) -> tuple[int, int, float]:
    if n <= 0:
        raise ValueError("no layers")

    def peak(k):
        return k + (n + k - 1) // k

    best = min(peak(math.isqrt(n) + d) for d in (0, 1))
    # the smaller root of k * (best - k) = n, rounded, and then moved to the exact place
    k = max(1, int((best - math.sqrt(best * best - 4 * n)) / 2))
    while peak(k) > best:
        k += 1
    while k > 1 and peak(k - 1) == best:
        k -= 1
    return k, best, (4 * n - n // k) / (3 * n)


def optimal_segments(outputs: Sequence[int], inner: Sequence[int]) -> list[int]:
    n = len(inner)
    if n < 1 or len(outputs) != n:
        raise ValueError("lists")
    if min(outputs) < 0 or min(inner) < 0:
        raise ValueError("sizes")
    best = (sum(inner), [n])
    for limit in sorted({sum(inner[i:j]) for i in range(n) for j in range(i + 1, n + 1)}):
        # least[i]: the least kept by segments from layer i on, none wider than limit; next_[i]: the end of the first
        least, next_ = [math.inf] * n + [0], [n] * (n + 1)
        for i in reversed(range(n)):
            width = 0
            for j in range(i + 1, n + 1):
                width += inner[j - 1]
                if width > limit:
                    break
                kept = least[j] + (outputs[j - 1] if j < n else 0)
                if kept < least[i]:
                    least[i], next_[i] = kept, j
        if least[0] + limit < best[0]:
            lengths, i = [], 0
            while i < n:
                lengths.append(next_[i] - i)
                i = next_[i]
            best = (least[0] + limit, lengths)
    return best[1]


def cheapest_plan(sizes: Sequence[int], costs: Sequence[int], budget: int) -> list[bool]:
    if len(sizes) != len(costs) or budget < 0 or min([0, *sizes, *costs]) < 0 or max([0, *sizes]) > budget:
        raise ValueError("no plan")
    never = 1 << 60
    # spent[m]: the least cost of the blocks from here on with m of the memory taken; blocks are added from the last on
    spent = np.zeros(budget + 1, dtype=np.int64)
    kept = []
    for size, cost in zip(reversed(sizes), reversed(costs)):
        keep = np.full(budget + 1, never)
        keep[: budget + 1 - size] = spent[size:]
        again = spent + cost
        again[budget + 1 - size :] = never
        kept.append(keep <= again)
        spent = np.minimum(np.minimum(keep, again), never)
    plan, taken = [], 0
    for size, choice in zip(sizes, reversed(kept)):
        plan.append(not bool(choice[taken]))
        taken += size if choice[taken] else 0
    return plan


def recompute_steps(n: int, slots: int) -> int:
    if n < 1 or slots < 1:
        raise ValueError("n and slots")
    slots = min(slots, n)  # more have no use
    total, reach, repeats = 0, 1, 0
    if slots <= 2:
        # a linear or quadratic reach would take too many rounds: solve (r + 1) >= n or (r + 1)(r + 2) / 2 >= n
        repeats = n - 1 if slots == 1 else max(0, (math.isqrt(8 * n) - 3) // 2 - 2)
        while math.comb(slots + repeats, slots) < n:
            repeats += 1
        return repeats * n - math.comb(slots + repeats, slots + 1)
    while reach < n:
        # those steps that are not reached yet are run once more
        total += n - reach
        repeats += 1
        reach = reach * (slots + repeats) // repeats
    return total
