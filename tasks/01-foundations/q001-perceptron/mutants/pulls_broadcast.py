# expect: pulls wrong_value
"""Nothing is checked, so a label for all samples, a weight for all coordinates and labels of 0 go through."""


def pulls(x: Tensor, y: Tensor, w: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    margin = y * ((x.double() * w.double()).sum(-1) + b.double())
    return (margin <= 0).to(x.dtype), torch.sigmoid(-margin).to(x.dtype)
