# expect: snapshot-steps wrong_value
"""Neither number is looked at."""


def recompute_steps(n: int, slots: int) -> int:
    low, high = 0, n
    while low < high:
        repeats = (low + high) // 2
        low, high = (low, repeats) if _reaches(n, slots, repeats) else (repeats + 1, high)
    return low * n - math.comb(slots + low, slots + 1)
