# expect: checkpoint-sequence wrong_value
"""Each layer is a checkpoint of its own, and the number of segments is not used."""


def checkpoint_sequence(layers: Sequence[Callable[[Tensor], Tensor]], x: Tensor, segments: int) -> Tensor:
    if not 1 <= segments <= len(layers):
        raise ValueError("segments must be between 1 and the number of layers")
    for layer in layers[:-1]:
        x = _replayed(layer, (x,), {})
    return layers[-1](x)
