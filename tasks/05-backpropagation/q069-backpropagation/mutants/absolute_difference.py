# expect: gradient-check wrong_value
"""The difference of the two derivatives is reported as it is, so the scale of the function decides."""


def gradient_errors(f, x, grad, directions):
    if grad.shape != x.shape or directions.shape[1:] != x.shape or directions.ndim == 0:
        raise ValueError("shapes")
    errors = []
    for direction in directions:
        step = 1e-5 * max(1.0, x.abs().max().item()) / direction.abs().max().item()
        measured = (f(x + step * direction) - f(x - step * direction)).item() / (2 * step)
        errors.append(abs(measured - (grad * direction).sum().item()))
    return torch.tensor(errors, dtype=torch.float64)
