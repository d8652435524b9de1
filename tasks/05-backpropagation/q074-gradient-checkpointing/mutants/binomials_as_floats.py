# expect: snapshot-steps wrong_value
"""Binomials are computed as floats, which are not exact for long chains."""


def recompute_steps(n: int, slots: int) -> int:
    if n < 1 or slots < 1:
        raise ValueError("n and slots must be at least 1")
    low, high = 0, n
    while low < high:
        repeats = (low + high) // 2
        low, high = (low, repeats) if _reaches(n, slots, repeats) else (repeats + 1, high)
    ways = math.exp(math.lgamma(slots + low + 1) - math.lgamma(slots + 2) - math.lgamma(low)) if low else 0.0
    return low * n - round(ways)
