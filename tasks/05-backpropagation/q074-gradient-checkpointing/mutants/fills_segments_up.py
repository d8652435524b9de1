# expect: segment-plan wrong_value
"""Segments are filled up to the average one after another."""


def optimal_segments(outputs: Sequence[int], inner: Sequence[int]) -> list[int]:
    if not outputs or len(outputs) != len(inner):
        raise ValueError("each layer needs an output and an inner size")
    if min(*outputs, *inner, 0) < 0:
        raise ValueError("sizes must not be negative")
    target = max(max(inner), sum(inner) / math.sqrt(len(inner)))
    lengths, width = [0], 0
    for size in inner:
        if width + size > target and lengths[-1]:
            lengths.append(0)
            width = 0
        lengths[-1] += 1
        width += size
    return lengths
