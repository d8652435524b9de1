# expect: memory-plan wrong_value
"""The plan says which blocks are kept."""


def cheapest_plan(sizes: Sequence[int], costs: Sequence[int], budget: int) -> list[bool]:
    if len(sizes) != len(costs) or min(*sizes, *costs, budget, 0) < 0:
        raise ValueError("each block needs a size and a cost, neither negative")
    if max([0, *sizes]) > budget:
        raise ValueError("a block does not fit by itself")
    plans: dict[int, tuple[int, tuple[bool, ...]]] = {0: (0, ())}
    for size, cost in zip(sizes, costs, strict=True):
        longer: dict[int, tuple[int, tuple[bool, ...]]] = {}
        for kept, (spent, plan) in plans.items():
            if kept + size > budget:
                continue
            for now, option in ((kept + size, (spent, (*plan, False))), (kept, (spent + cost, (*plan, True)))):
                longer[now] = min(longer.get(now, option), option)
        plans = longer
    return [not again for again in min(plans.values())[1]]
