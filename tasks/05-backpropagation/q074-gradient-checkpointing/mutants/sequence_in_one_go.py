# expect: checkpoint-sequence wrong_value
"""The layers are run one after another and nothing is checkpointed."""


def checkpoint_sequence(layers: Sequence[Callable[[Tensor], Tensor]], x: Tensor, segments: int) -> Tensor:
    if not 1 <= segments <= len(layers):
        raise ValueError("segments must be between 1 and the number of layers")
    return _chain(layers)(x)
