# expect: snapshot-steps fails
"""The definition is called as it stands, one level for each step."""


def recompute_steps(n: int, slots: int) -> int:
    if n < 1 or slots < 1:
        raise ValueError("n and slots must be at least 1")
    known: dict[tuple[int, int], int] = {}

    def fewest(n: int, slots: int) -> int:
        if n == 1:
            return 0
        if slots == 1:
            return n * (n - 1) // 2
        if (n, slots) not in known:
            known[n, slots] = min(j + fewest(n - j, slots - 1) + fewest(j, slots) for j in range(n - 1, 0, -1))
        return known[n, slots]

    return fewest(n, slots)
