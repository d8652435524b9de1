# expect: segment-plan wrong_value
"""Cuts are made at the smallest outputs, wherever they are."""


def optimal_segments(outputs: Sequence[int], inner: Sequence[int]) -> list[int]:
    if not outputs or len(outputs) != len(inner):
        raise ValueError("each layer needs an output and an inner size")
    if min(*outputs, *inner, 0) < 0:
        raise ValueError("sizes must not be negative")
    count = math.isqrt(len(inner)) - 1
    places = sorted(sorted(range(1, len(inner)), key=lambda i: outputs[i - 1])[:count])
    return [end - start for start, end in zip([0, *places], [*places, len(inner)])]
