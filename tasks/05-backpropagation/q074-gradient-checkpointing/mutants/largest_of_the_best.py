# expect: sqrt-rule wrong_value
"""Of several best numbers of segments the largest is taken."""


def best_segment_count(n: int) -> tuple[int, int, float]:
    if n < 1:
        raise ValueError("there must be a layer")
    peak = math.isqrt(4 * n - 1) + 1
    count = (peak + math.isqrt(peak * peak - 4 * n)) // 2
    return count, peak, 1 + (n - n // count) / (3 * n)
