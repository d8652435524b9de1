# expect: pulls wrong_value
"""The pull depends on the score alone, as if all labels were positive."""


def pulls(x: Tensor, y: Tensor, w: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    _check(x, y, w, b)
    margin = 1 * (x.double() @ w.double() + b.double())
    return (margin <= 0).to(x.dtype), torch.sigmoid(-margin).to(x.dtype)
