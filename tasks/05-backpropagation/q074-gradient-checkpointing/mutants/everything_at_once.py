# expect: memory-plan wrong_value
"""The room for recomputing is set aside beside all that is kept, early or late."""


def cheapest_plan(sizes: Sequence[int], costs: Sequence[int], budget: int) -> list[bool]:
    if len(sizes) != len(costs) or min(*sizes, *costs, budget, 0) < 0:
        raise ValueError("each block needs a size and a cost, neither negative")
    if max([0, *sizes]) > budget:
        raise ValueError("a block does not fit by itself")
    best: tuple[float, list[bool]] = (math.inf, [])
    for room in {0, *sizes}:
        plans: dict[int, tuple[int, tuple[bool, ...]]] = {0: (0, ())}
        for size, cost in zip(sizes, costs, strict=True):
            longer: dict[int, tuple[int, tuple[bool, ...]]] = {}
            for kept, (spent, plan) in plans.items():
                if size <= room:
                    again = spent + cost, (*plan, True)
                    longer[kept] = min(longer.get(kept, again), again)
                if kept + size + room <= budget:
                    without = spent, (*plan, False)
                    longer[kept + size] = min(longer.get(kept + size, without), without)
            plans = longer
        if plans:
            best = min(best, (min(plans.values())[0], list(min(plans.values())[1])))
    return best[1]
