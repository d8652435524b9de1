# expect: gradient-check wrong_value
"""The check runs in float32, like the training it is for, and finds nothing but its own rounding."""


def gradient_errors(f, x, grad, directions):
    if grad.shape != x.shape or directions.shape[1:] != x.shape or directions.ndim == 0:
        raise ValueError("shapes")
    errors = []
    for direction in directions.float():
        step = 1e-5 * max(1.0, x.abs().max().item()) / direction.abs().max().item()
        measured = (f(x.float() + step * direction) - f(x.float() - step * direction)).item() / (2 * step)
        claimed = (grad * direction).sum().item()
        largest = max(abs(measured), abs(claimed))
        errors.append(abs(measured - claimed) / largest if largest > 0 else 0.0)
    return torch.tensor(errors, dtype=torch.float64)
