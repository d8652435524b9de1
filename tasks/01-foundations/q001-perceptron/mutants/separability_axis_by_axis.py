# expect: separability wrong_value
"""One coordinate after the other is looked at, and data that no single one separates are called inseparable."""


def separability(x: Tensor, y: Tensor) -> tuple[bool, Tensor]:
    _check(x, y)
    if len(x) == 0:
        raise ValueError("there must be at least one point")
    signed = _signed(x, y)
    scale = signed.abs().max()
    columns = torch.cat([signed.mT / scale, torch.ones(1, len(x), dtype=torch.float64, device=x.device)])
    target = torch.zeros(len(columns), dtype=torch.float64, device=x.device)
    target[-1] = 1.0
    weights = _nonnegative_least_squares(columns, target)
    rest = target - columns @ weights
    top = torch.where(y.unsqueeze(1) == 1, x, -math.inf).amax(0) < torch.where(y.unsqueeze(1) == -1, x, math.inf).amin(
        0
    )
    low = torch.where(y.unsqueeze(1) == 1, x, math.inf).amin(0) > torch.where(y.unsqueeze(1) == -1, x, -math.inf).amax(
        0
    )
    if not bool((top | low).any()):
        return False, weights / weights.sum().clamp(min=1e-9)
    return True, -rest[:-1]  # at the optimum no column has an acute angle with the rest
