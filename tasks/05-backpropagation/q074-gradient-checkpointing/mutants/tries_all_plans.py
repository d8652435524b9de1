# expect: memory-plan timeout
"""All plans are tried, twice as many with every block."""


def cheapest_plan(sizes: Sequence[int], costs: Sequence[int], budget: int) -> list[bool]:
    if len(sizes) != len(costs) or min(*sizes, *costs, budget, 0) < 0:
        raise ValueError("each block needs a size and a cost, neither negative")
    if max([0, *sizes]) > budget:
        raise ValueError("a block does not fit by itself")
    best: tuple[float, list[bool]] = (math.inf, [])
    for mask in range(1 << len(sizes)):
        plan, kept, fits = [bool(mask >> i & 1) for i in range(len(sizes))], 0, True
        for size, again in zip(sizes, plan):
            fits = fits and kept + size <= budget
            kept += 0 if again else size
        if fits:
            best = min(best, (sum(cost for cost, again in zip(costs, plan) if again), plan))
    return best[1]
