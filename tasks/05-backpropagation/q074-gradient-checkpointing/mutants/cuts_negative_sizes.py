# expect: segment-plan wrong_value
"""Sizes are not looked at, and a negative one is a gain."""


def optimal_segments(outputs: Sequence[int], inner: Sequence[int]) -> list[int]:
    if not outputs or len(outputs) != len(inner):
        raise ValueError("each layer needs an output and an inner size")
    total = list(accumulate(inner, initial=0))
    best, cuts = math.inf, []
    for width in sorted({b - a for i, a in enumerate(total) for b in total[i + 1 :]}):
        kept, found = _cheapest_cuts(outputs, total, width)
        if kept + width < best:
            best, cuts = kept + width, found
    return [end - start for start, end in zip([0, *cuts], [*cuts, len(inner)], strict=True)]
