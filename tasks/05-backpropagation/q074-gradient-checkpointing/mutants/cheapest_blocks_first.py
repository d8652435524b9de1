# expect: memory-plan wrong_value
"""The blocks that cost least are recomputed until the rest fits."""


def cheapest_plan(sizes: Sequence[int], costs: Sequence[int], budget: int) -> list[bool]:
    if len(sizes) != len(costs) or min(*sizes, *costs, budget, 0) < 0:
        raise ValueError("each block needs a size and a cost, neither negative")
    if max([0, *sizes]) > budget:
        raise ValueError("a block does not fit by itself")
    plan = [False] * len(sizes)

    def fits() -> bool:
        kept = 0
        for size, again in zip(sizes, plan):
            if kept + size > budget:
                return False
            kept += 0 if again else size
        return True

    for i in sorted(range(len(sizes)), key=lambda i: costs[i]):
        if fits():
            break
        plan[i] = True
    return plan
