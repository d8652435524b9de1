# expect: checkpoint-sequence wrong_value
"""Each segment calls the next one inside of its own checkpoint, so late layers are run again and again."""


def checkpoint_sequence(layers: Sequence[Callable[[Tensor], Tensor]], x: Tensor, segments: int) -> Tensor:
    if not 1 <= segments <= len(layers):
        raise ValueError("segments must be between 1 and the number of layers")
    if segments == 1:
        return _chain(layers)(x)
    size = -(-len(layers) // segments)

    def nested(h: Tensor) -> Tensor:
        return checkpoint_sequence(layers[size:], _chain(layers[:size])(h), segments - 1)

    return _replayed(nested, (x,), {})
