# expect: pulls wrong_value
"""The probability of the label is returned, so the safest samples pull hardest."""


def pulls(x: Tensor, y: Tensor, w: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    _check(x, y, w, b)
    margin = y * (x.double() @ w.double() + b.double())
    return (margin <= 0).to(x.dtype), torch.sigmoid(margin).to(x.dtype)
