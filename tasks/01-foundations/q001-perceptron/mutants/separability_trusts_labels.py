# expect: separability wrong_value
"""Labels are multiplied in unseen, so 0 and 1 pass for signs and one label does for all samples."""


def separability(x: Tensor, y: Tensor) -> tuple[bool, Tensor]:
    if x.dim() != 2:
        raise ValueError("x must be (N, D)")
    signed = _signed(x, y)
    scale = signed.abs().max()
    columns = torch.cat([signed.mT / scale, torch.ones(1, len(x), dtype=torch.float64, device=x.device)])
    target = torch.zeros(len(columns), dtype=torch.float64, device=x.device)
    target[-1] = 1.0
    weights = _nonnegative_least_squares(columns, target)
    rest = target - columns @ weights
    if rest.norm() < 1e-9:
        return False, weights / weights.sum()
    return True, -rest[:-1]  # at the optimum no column has an acute angle with the rest
