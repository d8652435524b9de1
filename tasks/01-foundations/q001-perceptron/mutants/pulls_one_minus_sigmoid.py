# expect: pulls wrong_value
"""The logistic pull is one minus the probability, which cancels to zero for safe samples."""


def pulls(x: Tensor, y: Tensor, w: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    _check(x, y, w, b)
    margin = y * (x.double() @ w.double() + b.double())
    return (margin <= 0).to(x.dtype), (1 - torch.sigmoid(margin)).to(x.dtype)
