# expect: gradient-check wrong_value
"""One step fits all: it depends neither on the point nor on the direction."""


def gradient_errors(f, x, grad, directions):
    if grad.shape != x.shape or directions.shape[1:] != x.shape or directions.ndim == 0:
        raise ValueError("shapes")
    errors = []
    for direction in directions:
        measured = (f(x + 1e-5 * direction) - f(x - 1e-5 * direction)).item() / 2e-5
        claimed = (grad * direction).sum().item()
        largest = max(abs(measured), abs(claimed))
        errors.append(abs(measured - claimed) / largest if largest > 0 else 0.0)
    return torch.tensor(errors, dtype=torch.float64)
