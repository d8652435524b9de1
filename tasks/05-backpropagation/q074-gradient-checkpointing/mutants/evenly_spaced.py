# expect: snapshot-steps wrong_value
"""The slots are spread evenly over the chain and never used again."""


def recompute_steps(n: int, slots: int) -> int:
    if n < 1 or slots < 1:
        raise ValueError("n and slots must be at least 1")
    slots = min(slots, n)
    short, longer = divmod(n, slots)
    first = sum(short + (i < longer) for i in range(slots - 1))
    return first + sum((short + (i < longer)) * (short + (i < longer) - 1) // 2 for i in range(slots))
