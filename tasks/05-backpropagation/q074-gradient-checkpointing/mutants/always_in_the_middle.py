# expect: snapshot-steps wrong_value
"""The next state is always stored in the middle, as if both halves had equally many slots."""


def recompute_steps(n: int, slots: int) -> int:
    if n < 1 or slots < 1:
        raise ValueError("n and slots must be at least 1")
    if n == 1 or slots == 1:
        return n * (n - 1) // 2
    if slots >= n:
        return n - 1
    half = n // 2
    return half + recompute_steps(n - half, slots - 1) + recompute_steps(half, slots)
