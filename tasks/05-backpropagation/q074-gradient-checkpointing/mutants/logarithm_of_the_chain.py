# expect: snapshot-steps wrong_value
"""Any number of slots is taken to give the logarithm."""


def recompute_steps(n: int, slots: int) -> int:
    if n < 1 or slots < 1:
        raise ValueError("n and slots must be at least 1")
    if slots == 1:
        return n * (n - 1) // 2
    return (n - 1) if slots >= n else n * max(1, (n - 1).bit_length() - 1)
