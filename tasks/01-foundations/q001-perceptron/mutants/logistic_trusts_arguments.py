# expect: logistic-fit wrong_value
"""Nothing is checked, so a single class and a penalty of zero go through."""


def logistic_fit(x: Tensor, y: Tensor, l2: float) -> tuple[Tensor, Tensor]:
    _check(x, y)
    signed, size = _signed(x, y), len(x)
    ridge = torch.full((signed.shape[1],), float(l2), dtype=torch.float64, device=x.device)
    ridge[-1] = 0.0

    def loss(v: Tensor) -> Tensor:
        return torch.nn.functional.softplus(-(signed @ v)).mean() + (ridge * v * v).sum() / 2

    flat = FLAT * signed.abs().amax(0).clamp(min=1.0)
    v = torch.zeros_like(ridge)
    for _ in range(200):
        pull = torch.sigmoid(-(signed @ v))
        gradient = ridge * v - pull @ signed / size
        if bool((gradient.abs() <= flat).all()):
            break
        curvature = (signed * (pull * (1 - pull)).unsqueeze(1)).mT @ signed / size + torch.diag(ridge)
        step = torch.linalg.solve(curvature, gradient)
        length, slope = 1.0, (gradient @ step).item()
        while length > 1e-10 and loss(v - length * step) > loss(v) - 1e-4 * length * slope:
            length /= 2
        v = v - length * step
    return v[:-1], v[-1]
