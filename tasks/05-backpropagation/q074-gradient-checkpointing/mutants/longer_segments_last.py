# expect: checkpoint-sequence wrong_value
"""The layers that are left over lengthen the last segments."""


def checkpoint_sequence(layers: Sequence[Callable[[Tensor], Tensor]], x: Tensor, segments: int) -> Tensor:
    if not 1 <= segments <= len(layers):
        raise ValueError("segments must be between 1 and the number of layers")
    ends = [len(layers) * (i + 1) // segments for i in range(segments)]
    for start, end in zip([0, *ends], ends[:-1]):
        x = _replayed(_chain(layers[start:end]), (x,), {})
    return _chain(layers[ends[-2] if segments > 1 else 0 :])(x)
