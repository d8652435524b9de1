# expect: pulls wrong_value
"""Margins are taken in the precision of the inputs and lose what large terms leave over."""


def pulls(x: Tensor, y: Tensor, w: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    _check(x, y, w, b)
    margin = y * (x @ w + b)
    return (margin <= 0).to(x.dtype), torch.sigmoid(-margin).to(x.dtype)
