# expect: segment-plan wrong_value
"""What is kept at a cut is taken to be the output of the layer behind it."""


def optimal_segments(outputs: Sequence[int], inner: Sequence[int]) -> list[int]:
    if not outputs or len(outputs) != len(inner):
        raise ValueError("each layer needs an output and an inner size")
    if min(*outputs, *inner, 0) < 0:
        raise ValueError("sizes must not be negative")
    shifted = [*outputs[1:], 0]
    total = list(accumulate(inner, initial=0))
    best, cuts = math.inf, []
    for width in sorted({b - a for i, a in enumerate(total) for b in total[i + 1 :]}):
        kept, found = _cheapest_cuts(shifted, total, width)
        if kept + width < best:
            best, cuts = kept + width, found
    return [end - start for start, end in zip([0, *cuts], [*cuts, len(inner)], strict=True)]
