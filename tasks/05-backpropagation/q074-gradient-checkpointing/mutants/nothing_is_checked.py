# expect: checkpoint-sequence exception
"""Any number of segments is divided by."""


def checkpoint_sequence(layers: Sequence[Callable[[Tensor], Tensor]], x: Tensor, segments: int) -> Tensor:
    short, longer = divmod(len(layers), segments)
    start = 0
    for index in range(segments - 1):
        end = start + short + (index < longer)
        x = _replayed(_chain(layers[start:end]), (x,), {})
        start = end
    return _chain(layers[start:])(x)
