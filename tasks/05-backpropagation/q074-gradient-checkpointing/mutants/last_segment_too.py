# expect: checkpoint-sequence wrong_value
"""The last segment is checkpointed as well and run again although it has only just been computed."""


def checkpoint_sequence(layers: Sequence[Callable[[Tensor], Tensor]], x: Tensor, segments: int) -> Tensor:
    if not 1 <= segments <= len(layers):
        raise ValueError("segments must be between 1 and the number of layers")
    short, longer = divmod(len(layers), segments)
    start = 0
    for index in range(segments):
        end = start + short + (index < longer)
        x = _replayed(_chain(layers[start:end]), (x,), {})
        start = end
    return x
