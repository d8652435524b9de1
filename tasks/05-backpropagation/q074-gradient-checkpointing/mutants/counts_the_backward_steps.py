# expect: snapshot-steps wrong_value
"""The run of each step in its own backward pass is counted as well."""


def recompute_steps(n: int, slots: int) -> int:
    if n < 1 or slots < 1:
        raise ValueError("n and slots must be at least 1")
    low, high = 0, n
    while low < high:
        repeats = (low + high) // 2
        low, high = (low, repeats) if _reaches(n, slots, repeats) else (repeats + 1, high)
    return low * n - math.comb(slots + low, slots + 1) + n
