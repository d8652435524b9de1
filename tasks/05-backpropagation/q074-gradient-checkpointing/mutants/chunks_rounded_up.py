# expect: checkpoint-sequence wrong_value
"""Segments are as long as the quotient rounded up, which leaves too little for the last ones."""


def checkpoint_sequence(layers: Sequence[Callable[[Tensor], Tensor]], x: Tensor, segments: int) -> Tensor:
    if not 1 <= segments <= len(layers):
        raise ValueError("segments must be between 1 and the number of layers")
    size = -(-len(layers) // segments)
    chunks = [layers[i : i + size] for i in range(0, len(layers), size)]
    for chunk in chunks[:-1]:
        x = _replayed(_chain(chunk), (x,), {})
    return _chain(chunks[-1])(x)
