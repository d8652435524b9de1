# expect: segment-plan wrong_value
"""Only the widest segment is made small; what the cuts keep is not counted."""


def optimal_segments(outputs: Sequence[int], inner: Sequence[int]) -> list[int]:
    if not outputs or len(outputs) != len(inner):
        raise ValueError("each layer needs an output and an inner size")
    if min(*outputs, *inner, 0) < 0:
        raise ValueError("sizes must not be negative")
    return [1] * len(inner)
