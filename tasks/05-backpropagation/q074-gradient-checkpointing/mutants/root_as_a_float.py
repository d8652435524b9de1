# expect: sqrt-rule wrong_value
"""The root is a float, which has too few digits for large numbers."""


def best_segment_count(n: int) -> tuple[int, int, float]:
    if n < 1:
        raise ValueError("there must be a layer")
    peak = math.ceil(2 * math.sqrt(n))
    count = max(1, math.ceil((peak - math.sqrt(max(0, peak * peak - 4 * n))) / 2))
    return count, peak, 1 + (n - n // count) / (3 * n)
