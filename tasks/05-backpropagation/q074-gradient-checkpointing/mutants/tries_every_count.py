# expect: sqrt-rule timeout
"""Every number of segments is tried."""


def best_segment_count(n: int) -> tuple[int, int, float]:
    if n < 1:
        raise ValueError("there must be a layer")
    peak, count = min((k - (-n // k), k) for k in range(1, n + 1))
    return count, peak, 1 + (n - n // count) / (3 * n)
