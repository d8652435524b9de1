# expect: sqrt-rule wrong_value
"""The backward pass is taken to cost no more than a forward one."""


def best_segment_count(n: int) -> tuple[int, int, float]:
    if n < 1:
        raise ValueError("there must be a layer")
    peak = math.isqrt(4 * n - 1) + 1
    count = max(1, (peak - math.isqrt(peak * peak - 4 * n)) // 2 - 1)
    while count * (peak - count) < n:
        count += 1
    return count, peak, 1 + (n - n // count) / (2 * n)
