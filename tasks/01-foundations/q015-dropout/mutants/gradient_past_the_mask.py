# expect: dropout bad_gradient
"""The noise is added as a constant, so the gradient passes through dropped elements as well."""


def dropout(x: Tensor, p: float = 0.5, training: bool = True, generator: Generator | None = None) -> Tensor:
    _require_rate(p)
    if not training:
        return x
    noisy = x * _kept(x.shape, p, x, generator) * _scale(p)
    return x + (noisy - x).detach()
