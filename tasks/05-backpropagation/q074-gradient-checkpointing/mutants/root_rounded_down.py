# expect: sqrt-rule wrong_value
"""The number of segments is the root rounded down, whether or not it is the best."""


def best_segment_count(n: int) -> tuple[int, int, float]:
    if n < 1:
        raise ValueError("there must be a layer")
    count = math.isqrt(n)
    return count, count - (-n // count), 1 + (n - n // count) / (3 * n)
