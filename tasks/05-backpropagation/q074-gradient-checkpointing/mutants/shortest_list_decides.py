# expect: memory-plan wrong_value
"""Lists of different lengths are cut to the shorter one."""


def cheapest_plan(sizes: Sequence[int], costs: Sequence[int], budget: int) -> list[bool]:
    plans: dict[int, tuple[int, tuple[bool, ...]]] = {0: (0, ())}
    for size, cost in zip(sizes, costs, strict=False):
        longer: dict[int, tuple[int, tuple[bool, ...]]] = {}
        for kept, (spent, plan) in plans.items():
            if kept + size > budget:
                continue
            for now, option in ((kept + size, (spent, (*plan, False))), (kept, (spent + cost, (*plan, True)))):
                longer[now] = min(longer.get(now, option), option)
        plans = longer
    return list(min(plans.values())[1])
