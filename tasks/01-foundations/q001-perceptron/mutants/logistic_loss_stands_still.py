# expect: logistic-fit wrong_value
"""Gradient descent ends when the loss hardly changes any more, long before the gradient vanishes."""


def logistic_fit(x: Tensor, y: Tensor, l2: float) -> tuple[Tensor, Tensor]:
    _check(x, y)
    if not l2 > 0 or len(y.unique()) < 2:
        raise ValueError("l2 must be above zero, and both labels must occur")
    signed, size = _signed(x, y), len(x)
    ridge = torch.full((signed.shape[1],), float(l2), dtype=torch.float64)
    ridge[-1] = 0.0
    curvature = signed.square().sum(1).mean() / 4 + l2
    v, before = torch.zeros_like(ridge), math.inf
    for _ in range(2_000):
        loss = torch.nn.functional.softplus(-(signed @ v)).mean() + (ridge * v * v).sum() / 2
        if before - loss.item() < 1e-7:
            break
        before = loss.item()
        v = v - (ridge * v - torch.sigmoid(-(signed @ v)) @ signed / size) / curvature
    return v[:-1], v[-1]
