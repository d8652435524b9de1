# expect: pulls not_finite
"""Both terms of the logistic function overflow for badly mistaken samples."""


def pulls(x: Tensor, y: Tensor, w: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    _check(x, y, w, b)
    margin = y * (x.double() @ w.double() + b.double())
    return (margin <= 0).to(x.dtype), (margin.neg().exp() / (1 + margin.neg().exp())).to(x.dtype)
