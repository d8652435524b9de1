# expect: segment-plan timeout
"""All segmentations are tried, twice as many with every layer."""


def optimal_segments(outputs: Sequence[int], inner: Sequence[int]) -> list[int]:
    if not outputs or len(outputs) != len(inner):
        raise ValueError("each layer needs an output and an inner size")
    if min(*outputs, *inner, 0) < 0:
        raise ValueError("sizes must not be negative")
    n = len(inner)
    total = list(accumulate(inner, initial=0))
    best, chosen = math.inf, [n]
    for mask in range(1 << (n - 1)):
        cuts = [i + 1 for i in range(n - 1) if mask >> i & 1]
        widest = max(total[b] - total[a] for a, b in zip([0, *cuts], [*cuts, n]))
        peak = sum(outputs[c - 1] for c in cuts) + widest
        if peak < best:
            best, chosen = peak, [b - a for a, b in zip([0, *cuts], [*cuts, n])]
    return chosen
