# expect: segment-plan wrong_value
"""The square-root rule is applied to layers that are anything but equal."""


def optimal_segments(outputs: Sequence[int], inner: Sequence[int]) -> list[int]:
    if not outputs or len(outputs) != len(inner):
        raise ValueError("each layer needs an output and an inner size")
    if min(*outputs, *inner, 0) < 0:
        raise ValueError("sizes must not be negative")
    count = max(1, round(math.sqrt(len(inner))))
    short, longer = divmod(len(inner), count)
    return [short + (i < longer) for i in range(count)]
