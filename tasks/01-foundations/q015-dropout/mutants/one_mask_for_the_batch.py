# expect: dropout wrong_value
"""One mask is drawn and broadcast over the batch, as if only features had to be noisy."""


def dropout(x: Tensor, p: float = 0.5, training: bool = True, generator: Generator | None = None) -> Tensor:
    _require_rate(p)
    if not training:
        return x
    return x * _kept(x.shape[1:], p, x, generator) * _scale(p)
