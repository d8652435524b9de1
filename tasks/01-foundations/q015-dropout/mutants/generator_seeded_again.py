# expect: dropout wrong_value
"""The generator is set back to its seed at every call, so calls repeat each other."""


def dropout(x: Tensor, p: float = 0.5, training: bool = True, generator: Generator | None = None) -> Tensor:
    _require_rate(p)
    if not training:
        return x
    if generator is not None:
        generator.manual_seed(generator.initial_seed())
    return x * _kept(x.shape, p, x, generator) * _scale(p)
