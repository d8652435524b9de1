# expect: separability wrong_value
"""The zero vector is offered as a hyperplane, because it has no sample on its wrong side."""


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
    if rest.norm() < 1e-9:
        return True, torch.zeros_like(rest[:-1])
    return True, -rest[:-1]  # at the optimum no column has an acute angle with the rest
