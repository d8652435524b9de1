# expect: checkpoint-sequence fails
"""The segment looks up its borders when it is run again, and by then they are those of the last one."""


def checkpoint_sequence(layers: Sequence[Callable[[Tensor], Tensor]], x: Tensor, segments: int) -> Tensor:
    if not 1 <= segments <= len(layers):
        raise ValueError("segments must be between 1 and the number of layers")
    short, longer = divmod(len(layers), segments)
    start = end = 0
    for index in range(segments - 1):
        start, end = end, end + short + (index < longer)
        x = _replayed(lambda h: _chain(layers[start:end])(h), (x,), {})  # noqa: B023  # that is the mistake
    return _chain(layers[end:])(x)
