# expect: memory-plan wrong_value
"""Every block but the last is recomputed, whether or not it would fit."""


def cheapest_plan(sizes: Sequence[int], costs: Sequence[int], budget: int) -> list[bool]:
    if len(sizes) != len(costs) or min(*sizes, *costs, budget, 0) < 0:
        raise ValueError("each block needs a size and a cost, neither negative")
    if max([0, *sizes]) > budget:
        raise ValueError("a block does not fit by itself")
    return [True] * (len(sizes) - 1) + [False] * min(1, len(sizes))
