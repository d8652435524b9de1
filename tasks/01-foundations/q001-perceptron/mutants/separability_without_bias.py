# expect: separability wrong_value
"""Only hyperplanes through the origin are considered, so the multipliers need not balance the labels."""


def separability(x: Tensor, y: Tensor) -> tuple[bool, Tensor]:
    _check(x, y)
    if len(x) == 0:
        raise ValueError("there must be at least one point")
    signed = _signed(x, y)
    signed[:, -1] = 0
    scale = signed.abs().max()
    columns = torch.cat([signed.mT / scale, torch.ones(1, len(x), dtype=torch.float64, device=x.device)])
    target = torch.zeros(len(columns), dtype=torch.float64, device=x.device)
    target[-1] = 1.0
    weights = _nonnegative_least_squares(columns, target)
    rest = target - columns @ weights
    if rest.norm() < 1e-9:
        return False, weights / weights.sum()
    return True, -rest[:-1]  # at the optimum no column has an acute angle with the rest
