# expect: memory-plan wrong_value
"""Recomputing is taken to need no memory of its own, as in a plain knapsack."""


def cheapest_plan(sizes: Sequence[int], costs: Sequence[int], budget: int) -> list[bool]:
    if len(sizes) != len(costs) or min(*sizes, *costs, budget, 0) < 0:
        raise ValueError("each block needs a size and a cost, neither negative")
    if max([0, *sizes]) > budget:
        raise ValueError("a block does not fit by itself")
    plans: dict[int, tuple[int, tuple[bool, ...]]] = {0: (0, ())}
    for size, cost in zip(sizes, costs, strict=True):
        longer: dict[int, tuple[int, tuple[bool, ...]]] = {}
        for kept, (spent, plan) in plans.items():
            options = [(kept, (spent + cost, (*plan, True)))]
            if kept + size <= budget:
                options.append((kept + size, (spent, (*plan, False))))
            for now, option in options:
                longer[now] = min(longer.get(now, option), option)
        plans = longer
    return list(min(plans.values())[1])
