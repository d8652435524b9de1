# expect: memory-plan wrong_value
"""Blocks are kept from the first on as long as there is room."""


def cheapest_plan(sizes: Sequence[int], costs: Sequence[int], budget: int) -> list[bool]:
    if len(sizes) != len(costs) or min(*sizes, *costs, budget, 0) < 0:
        raise ValueError("each block needs a size and a cost, neither negative")
    if max([0, *sizes]) > budget:
        raise ValueError("a block does not fit by itself")
    plan, kept = [], 0
    room = max([0, *sizes])
    for size in sizes:
        plan.append(kept + size + room > budget)
        kept += 0 if plan[-1] else size
    return plan
