# expect: sqrt-rule wrong_value
"""All layers are taken to run twice, also those of the last segment."""


def best_segment_count(n: int) -> tuple[int, int, float]:
    if n < 1:
        raise ValueError("there must be a layer")
    peak = math.isqrt(4 * n - 1) + 1
    count = max(1, (peak - math.isqrt(peak * peak - 4 * n)) // 2 - 1)
    while count * (peak - count) < n:
        count += 1
    return count, peak, 4 / 3
