# expect: sqrt-rule wrong_value
"""For no layers at all a trivial answer is made up."""


def best_segment_count(n: int) -> tuple[int, int, float]:
    if n < 1:
        return 0, 0, 1.0
    peak = math.isqrt(4 * n - 1) + 1
    count = max(1, (peak - math.isqrt(peak * peak - 4 * n)) // 2 - 1)
    while count * (peak - count) < n:
        count += 1
    return count, peak, 1 + (n - n // count) / (3 * n)
